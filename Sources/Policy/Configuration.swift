internal import Files
public import Storage

/// What both programs' configuration files share.
public struct KeysConfiguration: Sendable, Equatable {
  /// The OpenPGP home (gpg's `--homedir`).
  public var gnupgHome: String
  /// Node: whom snapshots are encrypted to, by fingerprint, key id or e-mail address. Keeper: empty.
  public var recipients: [String] = []
  /// Node: the key that signs manifests and catalog segments. Keeper: empty.
  public var signer: String = ""
  public init(gnupgHome: String, recipients: [String] = [], signer: String = "") {
    self.gnupgHome = gnupgHome
    self.recipients = recipients
    self.signer = signer
  }
}

/// Where objects are kept.
public struct DestinationConfiguration: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case s3, directory, git }
  public enum Location: String, Sendable, CaseIterable { case cloud, offsite, local, removable, git }
  /// Who frees its storage: the keeper, by `redoubt-verify prune`; or the bucket itself, by its lifecycle rule.
  public enum Expiry: String, Sendable, CaseIterable { case prune, lifecycle }

  public var name: String
  public var kind: Kind
  public var location: Location
  /// kind = "directory" (and git's clone).
  public var path: String = ""
  public var s3: S3Settings?
  public var expiry = Expiry.prune
  public init(name: String, kind: Kind, location: Location, path: String = "", s3: S3Settings? = nil) {
    self.name = name
    self.kind = kind
    self.location = location
    self.path = path
    self.s3 = s3
  }
}

extension DestinationConfiguration {
  /// Which place it is, whatever its name and the ways to reach it: without line ends or spaces at its ends.
  ///
  /// What was stored at a destination is known by this: under another bucket or folder the same name is another place.
  public var place: String {
    switch kind {
    case .s3: "s3 \(s3?.endpoint ?? "") \(s3?.region ?? "") \(s3?.bucket ?? "") \(s3?.prefix ?? "")"
    // Disks take turns at one mount point.
    case .directory where location == .removable:
      "directory \(path) on file system \(fileSystemID(of: path).map { String($0, radix: 16) } ?? "unknown")"
    case .directory, .git: "\(kind.rawValue) \(path)"
    }
  }
}

/// A named group of sources that is backed up together.
public struct SetConfiguration: Sendable, Equatable {
  public enum Mode: String, Sendable, CaseIterable { case full, incremental }

  public var name: String
  /// A class of the frequency table; see `DataClass`.
  public var dataClass: String
  /// Absolute paths.
  public var paths: [String]
  /// gitignore-style patterns.
  public var exclude: [String] = []
  /// Whether folders marked by a CACHEDIR.TAG file are left out (default true).
  public var excludeCaches = true
  public var oneFileSystem = false
  public var mode = Mode.full
  /// Names of destinations.
  public var destinations: [String]
  /// Bytes of tar in one volume.
  public var volumeSize = 16 << 20
  /// zstd's level, 1 to 19.
  public var compressionLevel = 3
  /// Mode `incremental`: seconds after which a stored volume's content is sent again at the latest.
  public var refresh: Int64 = 90 * 86400
  /// Mode `incremental`: the part of a volume, 0 to 1, that must still be referred to; below it the rest is sent again.
  public var compact = 0.5
  /// Mode `incremental`: don't take a new inode number for a change (network file systems).
  public var ignoreInode = false
  /// Mode `incremental`: don't take a new ctime for a change (network file systems, restored disks).
  public var ignoreCtime = false
  /// Seconds that each snapshot stays restorable where a destination's storage expires by itself, counted from the time
  /// in its id; nil where no destination's does.
  public var retention: Int64?
  public init(name: String, dataClass: String, paths: [String], destinations: [String]) {
    self.name = name
    self.dataClass = dataClass
    self.paths = paths
    self.destinations = destinations
  }
}

/// `/etc/redoubt/redoubt.toml`.
public struct NodeConfiguration: Sendable, Equatable {
  /// This node's name in storage.
  public var host: String
  /// The folder of the catalog, the index and the lock.
  public var state: String
  public var keys: KeysConfiguration
  public var destinations: [DestinationConfiguration]
  public var sets: [SetConfiguration]
  /// Threads that compress and encrypt; 0 means one for each core.
  public var workers = 0
  /// How often each class is backed up, and where to.
  public var frequencies = FrequencyTable.standard
  public init(
    host: String, state: String, keys: KeysConfiguration, destinations: [DestinationConfiguration],
    sets: [SetConfiguration]
  ) {
    self.host = host
    self.state = state
    self.keys = keys
    self.destinations = destinations
    self.sets = sets
  }
}

/// A node that a keeper watches.
public struct WatchedNode: Sendable, Equatable {
  public var host: String
  /// Fingerprints of the keys that may sign this node's manifests.
  public var trustedSigners: [String]
  /// Names of destinations of the keeper's configuration.
  public var destinations: [String]
  public init(host: String, trustedSigners: [String], destinations: [String]) {
    self.host = host
    self.trustedSigners = trustedSigners
    self.destinations = destinations
  }
}

/// `/etc/redoubt/verify.toml`.
public struct KeeperConfiguration: Sendable, Equatable {
  public var state: String
  public var keys: KeysConfiguration
  public var destinations: [DestinationConfiguration]
  public var nodes: [WatchedNode]
  /// Threads that fetch, decrypt and check; 0 means one for each core.
  public var workers = 0
  /// How often each class is backed up and proven.
  public var frequencies = FrequencyTable.standard
  /// What `prune` keeps; nothing may be pruned where it is empty.
  public var keep = KeepRules()
  public var drill = DrillConfiguration()
  /// In the file's order.
  public var checks: [CheckConfiguration] = []
  public init(
    state: String, keys: KeysConfiguration, destinations: [DestinationConfiguration], nodes: [WatchedNode]
  ) {
    self.state = state
    self.keys = keys
    self.destinations = destinations
    self.nodes = nodes
  }
}
