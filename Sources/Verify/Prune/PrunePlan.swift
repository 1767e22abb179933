public import Repository

/// What pruning would delete of one set at one destination, and why the rest stays.
public struct PrunePlan: Sendable, Equatable {
  public var host: String
  public var set: String
  public var destination: String
  /// Snapshots that stay, with the reasons, oldest first.
  public var kept: [(snapshot: SnapshotID, reasons: [String])]
  /// Finished snapshots that go, oldest first.
  public var dropped: [SnapshotID]
  /// Objects that go: manifests of dropped snapshots first, then volumes that nothing kept refers to.
  public var objects: [PrunedObject]
  /// Why nothing may be deleted; empty where it may.
  public var refusals: [String]

  public var bytes: UInt64 { objects.map(\.size).clampedSum }

  public static func == (one: PrunePlan, other: PrunePlan) -> Bool {
    one.host == other.host && one.set == other.set && one.destination == other.destination
      && one.kept.elementsEqual(other.kept, by: ==) && one.dropped == other.dropped && one.objects == other.objects
      && one.refusals == other.refusals
  }
}

/// An object to delete.
public struct PrunedObject: Sendable, Equatable {
  public var key: String
  public var size: UInt64
  public var isManifest: Bool
}

/// What a person says beside the configuration.
public struct PruneOptions: Sendable, Equatable {
  /// Deletes although the newest snapshot was not verified readable.
  public var allowsUnverified = false
  /// Deletes although segments of the node's catalog are missing.
  public var allowsCatalogGaps = false
  public init() {}
}
