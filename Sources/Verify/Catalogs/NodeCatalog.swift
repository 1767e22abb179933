internal import Digests
internal import Files
public import Repository

/// One epoch of a node's catalog as far as it is known and holds.
struct EpochCatalog: Sendable {
  let epoch: Epoch
  private(set) var records: [CatalogRecord] = []
  /// The lines, each with its newline.
  private(set) var content: [UInt8] = []
  /// After each record: how many bytes of `content` it ends at.
  private var ends: [Int] = []
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
    guard count < records.count else { return self }
    var shorter = EpochCatalog(epoch)
    shorter.records = Array(records.prefix(count))
    shorter.ends = Array(ends.prefix(count))
    shorter.content = Array(content.prefix(shorter.ends.last ?? 0))
    shorter.heads = Array(heads.prefix(count))
    shorter.chain = CatalogChain(sequence: shorter.records.count, head: shorter.head)
    return shorter
  }

  /// Takes the lines of the next segment, all or, where one does not continue the chain, none.
  mutating func append(segment: [UInt8], subject: String) throws(CatalogError) {
    var longer = chain
    let taken = try longer.read(segment, subject: subject)
    guard !taken.isEmpty else { throw CatalogError(.broken, subject, "does not end with a whole line") }
    chain = longer
    let start = content.count
    content += segment
    for line in taken {
      records.append(line.record)
      heads.append(line.head)
      ends.append(start + line.end)
    }
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
///
/// Each copy is read once, though all destinations ask for it. Not safe for concurrent use.
final class NodeCatalogCache {
  let folder: String
  private var known: [Epoch: EpochCatalog] = [:]

  init(state: String, host: String) { folder = "\(state)/nodes/\(host)" }

  /// What is there and holds by itself; empty otherwise.
  func read(_ epoch: Epoch) -> EpochCatalog {
    if let catalog = known[epoch] { return catalog }
    let catalog = load(epoch)
    known[epoch] = catalog
    return catalog
  }

  private func load(_ epoch: Epoch) -> EpochCatalog {
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
    try FileContent.write(catalog.content, to: "\(folder)/\(catalog.epoch).jsonl")
    known[catalog.epoch] = catalog
  }
}
