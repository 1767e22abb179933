internal import Files
internal import OpenPGP
public import Policy
public import Repository

/// Everything that an overview is made of: read once, without asking storage or changing anything.
public struct KeeperKnowledge: Sendable {
  public var configuration: KeeperConfiguration
  /// The keeper's own catalog.
  public var records: [CatalogRecord]
  /// How far the catalogs go that the records are from; empty where that is not known.
  public var heads: [CatalogHead] = []
  var nodes: [String: NodeKnowledge]
  var keys: KeyRingContents

  /// - Parameter nodes: the nodes' catalogs, by host, as far as they are known.
  public init(
    _ configuration: KeeperConfiguration, records: [CatalogRecord], nodes: [String: [CatalogRecord]] = [:],
    keys: KeyRingContents = KeyRingContents()
  ) {
    self.configuration = configuration
    self.records = records
    self.nodes = nodes.mapValues { NodeKnowledge(records: $0) }
    self.keys = keys
  }

  /// Reads the keeper's catalog, its copies of the nodes' catalogs as far as they were observed, and its key ring.
  /// - Throws: `.state` where the keeper's own catalog cannot be used. A key ring that cannot be read is a concern.
  public static func read(_ configuration: KeeperConfiguration) throws(VerifyError) -> KeeperKnowledge {
    let heads = try CatalogHead.all(in: configuration.state)
    var knowledge = try read(configuration, records: try KeeperState.records(in: configuration.state))
    knowledge.heads = heads
    return knowledge
  }

  /// Without heads: the catalog's file is not read again for them.
  /// - Parameter records: the keeper's own catalog, where it has been read already.
  static func read(
    _ configuration: KeeperConfiguration, records: [CatalogRecord]
  ) throws(VerifyError) -> KeeperKnowledge {
    var knowledge = KeeperKnowledge(configuration, records: records)
    var pins: [String: [String: [Observation]]] = [:]
    var last: [ObservationPlace: Int] = [:]
    for (index, record) in records.enumerated() {
      guard case .observation(let seen) = record.event else { continue }
      last[ObservationPlace(seen)] = index
    }
    for index in last.values.sorted() {
      if case .observation(let seen) = records[index].event {
        pins[seen.host, default: [:]][seen.epoch, default: []] += [seen]
      }
    }
    for node in configuration.nodes {
      let cache = NodeCatalogCache(state: configuration.state, host: node.host)
      knowledge.nodes[node.host] = NodeKnowledge(cache, pins: pins[node.host] ?? [:])
    }
    knowledge.keys = KeyRingContents(home: configuration.keys.gnupgHome)
    return knowledge
  }

  /// A node's catalog, of all epochs in their order, as far as it was observed.
  public func records(ofNode host: String) -> [CatalogRecord] { nodes[host]?.records ?? [] }

  private struct ObservationPlace: Hashable {
    let host, destination, epoch: String
    init(_ seen: Observation) { (host, destination, epoch) = (seen.host, seen.destination, seen.epoch) }
  }
}

/// What is known of one node.
struct NodeKnowledge: Sendable {
  /// Of all epochs, in the epochs' order.
  var records: [CatalogRecord] = []
  /// nil where nobody has looked.
  var look: NodeLook?
  /// Epochs whose copy here does not fit what was observed: it was lost or changed, and must be fetched again.
  var unfitEpochs: [String] = []

  init(records: [CatalogRecord]) { self.records = records }

  /// - Parameter pins: by epoch, the last observation at each destination.
  init(_ cache: NodeCatalogCache, pins: [String: [Observation]]) {
    look = cache.look()
    for (name, seen) in pins.sorted(by: { $0.key < $1.key }) {
      guard let epoch = Epoch(name) else { continue }
      let known = cache.read(epoch)
      // Copies may be forked: as far as any of them was observed.
      let holds = seen.filter { known.head(after: $0.records)?.hex == $0.head }.map(\.records).max()
      if let holds { records += known.prefix(holds).records } else { unfitEpochs.append(name) }
    }
  }
}

/// The keys of the keeper's key ring.
public struct KeyRingContents: Sendable {
  /// By the fingerprints of primary keys and of all parts.
  var keys: [Fingerprint: Key] = [:]
  /// Primary keys whose private key gpg has, or a card's stub of it.
  var secret: Set<Fingerprint> = []
  /// Why it could not be read.
  var problem: String?

  /// Empty.
  public init() {}

  /// Asks gpg, which may start gpg-agent.
  public init(home: String) {
    do throws(OpenPGPError) {
      let ring = try KeyRing(home: home)
      for key in try ring.keys() { for part in key.subkeys { keys[part.fingerprint] = key } }
      // A part that can decrypt: a keeper may well hold a key of its own that only signs.
      for key in try ring.keys(secretOnly: true)
      where key.subkeys.contains(where: { $0.canEncrypt && $0.hasSecret }) { secret.insert(key.fingerprint) }
    } catch {
      problem = "\(error)"
    }
  }

  subscript(_ fingerprint: String) -> Key? { Fingerprint(fingerprint).flatMap { keys[$0] } }

  func hasSecret(_ key: Key) -> Bool { secret.contains(key.fingerprint) }
}
