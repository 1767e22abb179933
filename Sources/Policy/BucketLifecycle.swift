internal import Repository

extension SetConfiguration {
  /// How long after its upload an object of this set is needed, in seconds, where a destination's storage expires by
  /// itself; nil where none does.
  ///
  /// Every snapshot stays restorable for `retention` after the time in its id, the start of its run, because:
  /// - in mode `full` a snapshot's objects are all sealed after its start, and live for `retention`;
  /// - in mode `incremental` a run that starts at *t* refers to a volume only while it is younger than `refresh`, or seals
  ///   it itself. So it was sealed after *t* - `refresh`, and living for `refresh` + `retention` it is there until
  ///   *t* + `retention`. It does not matter how many nights were skipped before *t*, nor what comes after: a snapshot
  ///   refers to nothing that is stored later.
  /// - where a run finds nothing changed, the same holds for the snapshot before, as of that run: its volumes and its
  ///   manifest are younger than `refresh`, or it would have been made anew.
  ///
  /// The price: storage holds every byte for `refresh` + `retention` where `refresh` would do, because a node that reads
  /// nothing back cannot prolong what it has stored. That is (`refresh` + `retention`) / `refresh` copies of what stays as it
  /// is in the long run, and at most one more: in the first cycle renewals begin after a quarter of `refresh`, so that they
  /// do not all fall on one night.
  public var objectLifetime: Int64? {
    retention.map { mode == .full ? $0 : refresh + $0 }
  }
}

/// What a bucket must do by itself where its destinations have `expiry = "lifecycle"`.
public struct BucketLifecycle: Sendable, Equatable {
  /// One set's objects at one destination.
  ///
  /// Keys of the catalog and the recovery files begin otherwise, so no rule touches them: they are needed as long as the
  /// node lives. They are not locked either: a lock needs a date, and who can only add objects cannot prolong one.
  public struct Rule: Sendable, Equatable {
    /// `redoubt/<destination>/<host>/<set>`, at most 203 bytes of the 255 that S3 allows.
    public var id: String
    /// What the objects' keys begin with; ends at a slash.
    public var prefix: String
    /// Days after its upload on which an object goes, rounded up.
    public var days: Int
  }

  public var endpoint: String
  public var bucket: String
  /// Names of destinations.
  public var destinations: [String]
  public var rules: [Rule]

  /// One for each bucket, in the configuration's order; a bucket has one lifecycle configuration, which is replaced as a
  /// whole, so that destinations in one bucket share it.
  public static func all(of node: NodeConfiguration) -> [BucketLifecycle] {
    var all: [BucketLifecycle] = []
    for destination in node.destinations where destination.expiry == .lifecycle {
      guard let settings = destination.s3 else { continue }
      let rules = rules(of: destination.name, settings.prefix, node)
      if let index = all.firstIndex(where: { $0.endpoint == settings.endpoint && $0.bucket == settings.bucket }) {
        all[index].destinations.append(destination.name)
        all[index].rules += rules
      } else {
        all.append(
          BucketLifecycle(
            endpoint: settings.endpoint, bucket: settings.bucket, destinations: [destination.name], rules: rules))
      }
    }
    return all
  }

  private static func rules(of destination: String, _ prefix: String, _ node: NodeConfiguration) -> [Rule] {
    node.sets.filter { $0.destinations.contains(destination) }.compactMap { set in
      set.objectLifetime.map { lifetime in
        Rule(
          id: "redoubt/\(destination)/\(node.host)/\(set.name)",
          prefix: (prefix.isEmpty ? "" : prefix + "/") + Layout(host: node.host).setFolder(set.name),
          days: Int((lifetime + 86399) / 86400))
      }
    }
  }
}
