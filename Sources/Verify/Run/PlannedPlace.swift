internal import Files
internal import Policy
internal import Repository

/// One set at one destination, with what the table asks of it.
struct ProvenSet: Sendable {
  var stored: StoredSet
  /// Seconds in which each copy is to be proven once.
  var interval: Int64
  var isIncremental: Bool

  var place: Ledger.Place { stored.place }
}

/// A volume by folder and number.
struct VolumeKey: Hashable, Sendable {
  var folder: String
  var number: Int
}

/// What is to be proven at one place.
struct PlannedPlace: Sendable {
  /// Volumes of one folder and, where its snapshot is to be opened, its manifest.
  struct Item: Sendable {
    var urgency: Urgency
    var amount: KeeperRun.Amount
  }

  var set: ProvenSet
  var items: [Item] = []
  /// Snapshots that are due as such, and those that are opened for the sake of their volumes; most urgent first.
  var snapshots: [(id: SnapshotID, isDue: Bool)] = []
  /// Volumes that are read although they are not due.
  var wanted: Set<VolumeKey> = []
  /// Bytes that may be fetched here; more where others leave some over.
  var allowance: UInt64 = 0

  var due: KeeperRun.Amount {
    items.filter { $0.urgency.rank <= .stale }.reduce(into: KeeperRun.Amount()) { $0.add($1.amount) }
  }
  var urgency: Urgency { items.map(\.urgency).min() ?? Urgency(rank: .sample, time: Timestamp(seconds: .max)) }
  /// The oldest proof that is due; nil where there is none. What was never proven counts from when it was stored.
  var oldest: Timestamp? { items.filter { $0.urgency.rank <= .stale }.map(\.urgency.time).min() }
}

extension KeeperRun.Amount {
  mutating func add(_ other: Self) {
    objects += other.objects
    bytes += other.bytes
  }
}
