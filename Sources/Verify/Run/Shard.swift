internal import Digests
internal import Files
internal import Repository

/// A worker's part of the sets, the same wherever it is computed: by the SHA-256 of host and set. Workers need to know
/// nothing of each other but how many they are.
public struct Shard: Sendable, Equatable, CustomStringConvertible {
  /// From 1 to `count`.
  public let number: Int
  public let count: Int

  /// - Parameter text: `3/16`.
  /// - Returns: nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), (1...10_000).contains(count),
      (1...count).contains(number), text == "\(number)/\(count)"
    else { return nil }
    self.number = number
    self.count = count
  }

  public var description: String { "\(number)/\(count)" }

  /// Whether a set is this worker's.
  public func owns(host: String, set: String) -> Bool { owns("\(host)/\(set)") }

  /// Whether it is this worker that tells what is wrong with a node as a whole.
  public func owns(host: String) -> Bool { owns("\(host)/") }

  private func owns(_ name: String) -> Bool {
    let bytes = SHA256.digest(Array(name.utf8)).bytes
    let value = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return value % UInt64(count) == UInt64(number - 1)
  }

  /// The folder in the keeper's state that holds this worker's lock and catalog.
  func folder(in state: String) -> String { "\(state)/shards/\(number)-of-\(count)" }
}

extension Shard {
  /// The folders of all shards that have ever written to a keeper's state.
  static func folders(in state: String) throws(FileError) -> [String] {
    let folder = "\(state)/shards"
    return try Paths.names(in: folder).sorted().map { "\(folder)/\($0)" }
  }
}

extension [[CatalogRecord]] {
  /// All records by time; those of one catalog stay in their order.
  var merged: [CatalogRecord] {
    let catalogs = filter { !$0.isEmpty }
    if catalogs.count <= 1 { return catalogs.first ?? [] }
    var merged: [(time: Timestamp, catalog: Int, record: CatalogRecord)] = []
    for (number, catalog) in catalogs.enumerated() {
      // A clock that was set back moves no record before the one that it follows.
      var latest = Timestamp(seconds: .min)
      for record in catalog {
        latest = Swift.max(latest, record.time)
        merged.append((latest, number, record))
      }
    }
    return merged.sorted {
      ($0.time, $0.catalog, $0.record.sequence) < ($1.time, $1.catalog, $1.record.sequence)
    }.map(\.record)
  }
}
