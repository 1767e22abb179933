/// Where a host's objects are, relative to a destination's prefix. Never changed for objects that exist.
public struct Layout: Sendable, Equatable {
  public let host: String

  public init(host: String) { self.host = host }

  /// `peer-1/`: all of the host's objects are below it.
  public var root: String { "\(host)/" }

  public var catalogFolder: String { "\(host)/catalog/" }

  /// The `number`th segment (from 1) of an epoch's catalog.
  public func catalogSegment(_ epoch: Epoch, _ number: Int) -> String {
    "\(catalogFolder)\(epoch)/\(sixDigits(number)).jsonl.gpg"
  }

  public func setFolder(_ set: String) -> String { "\(host)/\(set)/" }

  public func snapshotFolder(_ set: String, _ snapshot: SnapshotID) -> String { "\(host)/\(set)/\(snapshot)/" }

  /// The `number`th volume (from 1), as a key.
  public func volume(_ set: String, _ snapshot: SnapshotID, _ number: Int) -> String {
    root + volumeName(set, snapshot, number)
  }

  /// The same relative to `root`, as `volumes.tsv` names it.
  public func volumeName(_ set: String, _ snapshot: SnapshotID, _ number: Int) -> String {
    "\(set)/\(snapshot)/volume-\(sixDigits(number)).tar.zst.gpg"
  }

  public func manifest(_ set: String, _ snapshot: SnapshotID) -> String {
    "\(snapshotFolder(set, snapshot))manifest.tar.zst.gpg"
  }

  /// A plain-text file beside the sets: how to restore without Redoubt.
  public func recovery(_ name: String) -> String { root + name }

  private func sixDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}
