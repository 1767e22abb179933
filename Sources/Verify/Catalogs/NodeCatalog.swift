internal import Digests
internal import Files
public import Repository

/// One epoch of a node's catalog as far as it is known and holds.
struct EpochCatalog: Sendable {
  let epoch: Epoch
  private(set) var records: [CatalogRecord] = []
  private(set) var lines: [[UInt8]] = []
  /// SHA-256 of each line.
  private(set) var heads: [SHA256Digest] = []
  private var chain = CatalogChain()

  init(_ epoch: Epoch) { self.epoch = epoch }

  var head: SHA256Digest { heads.last ?? .zero }

  /// The head after the first `count` records; nil where there are not so many.
  func head(after count: Int) -> SHA256Digest? {
    count == 0 ? .zero : heads.indices.contains(count - 1) ? heads[count - 1] : nil
  }

  /// The first `count` records alone.
  func prefix(_ count: Int) -> EpochCatalog {
    var shorter = self
    shorter.records = Array(records.prefix(count))
    shorter.lines = Array(lines.prefix(count))
    shorter.heads = Array(heads.prefix(count))
    shorter.chain = CatalogChain(sequence: shorter.records.count, head: shorter.head)
    return shorter
  }

  /// Takes the lines of the next segment, all or, where one does not continue the chain, none.
  mutating func append(segment: [UInt8], subject: String) throws(CatalogError) {
    guard segment.last == UInt8(ascii: "\n") else {
      throw CatalogError(.broken, subject, "does not end with a whole line")
    }
    var longer = self
    for line in segment.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = Array(line)
      longer.records.append(try longer.chain.read(line, subject: subject))
      longer.lines.append(line)
      longer.heads.append(longer.chain.head)
    }
    self = longer
  }
}

/// All that is known of a node's catalog, epoch by epoch.
public struct NodeCatalog: Sendable {
  public let host: String
  var epochs: [EpochCatalog]

  /// The records of all epochs, in the epochs' order.
  public var records: [CatalogRecord] { epochs.flatMap(\.records) }
}

/// Copies of nodes' catalogs in the keeper's state, `nodes/<host>/<epoch>.jsonl`: a cache that spares fetching each segment
/// at each look. It is held to the pins in the keeper's own catalog; where it does not fit, everything is fetched again.
struct NodeCatalogCache {
  let folder: String

  init(state: String, host: String) { folder = "\(state)/nodes/\(host)" }

  /// What is there and holds by itself; empty otherwise.
  func read(_ epoch: Epoch) -> EpochCatalog {
    var catalog = EpochCatalog(epoch)
    // A copy that cannot be read, or does not hold, is fetched anew: nothing is lost.
    guard let content = try? FileContent.read("\(folder)/\(epoch).jsonl"), !content.isEmpty else { return catalog }
    do throws(CatalogError) { try catalog.append(segment: content, subject: "\(epoch).jsonl") } catch {
      return EpochCatalog(epoch)
    }
    return catalog
  }

  func write(_ catalog: EpochCatalog) throws(FileError) {
    try Paths.makeFolders(folder)
    let content = catalog.lines.flatMap { $0 + [UInt8(ascii: "\n")] }
    try FileContent.write(content, to: "\(folder)/\(catalog.epoch).jsonl")
  }
}
