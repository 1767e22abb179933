public import Storage

/// What both programs' configuration files share.
public struct KeysConfiguration: Sendable, Equatable {
  /// The OpenPGP home (gpg's `--homedir`).
  public var gnupgHome: String
  /// Node: whom snapshots are encrypted to, by fingerprint, key id or e-mail address. Keeper: empty.
  public var recipients: [String] = []
  /// By fingerprint, key id or e-mail address. Node: the key that signs manifests and catalog segments. Keeper: the key
  /// that signs its catalog and its statements; empty where it signs nothing.
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

  public enum GitLayout: String, Sendable, CaseIterable {
    /// The encrypted objects that every destination has.
    case objects
    /// The files themselves, so that the repository's history shows what changed in them.
    case plain
  }

  public var name: String
  public var kind: Kind
  public var location: Location
  /// kind = "directory", and the folder of git's clone.
  public var path: String = ""
  public var s3: S3Settings?
  public var git: GitSettings?
  /// kind = "git": what is committed there.
  public var layout = GitLayout.objects
  /// kind = "git": how often a request is tried.
  public var attempts = 3
  public var expiry = Expiry.prune
  /// location = "removable": how many seconds the medium may stay away before it is overdue.
  public var away: Int64 = 31 * 86400
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
  /// Removable media are known by their markers.
  public var place: String {
    switch kind {
    case .s3: "s3 \(s3?.endpoint ?? "") \(s3?.region ?? "") \(s3?.bucket ?? "") \(s3?.prefix ?? "")"
    case .directory: "directory \(path)"
    case .git: "git \(git?.address ?? "") \(git?.branch ?? "") \(git?.prefix ?? "")"
    }
  }
}

extension DestinationConfiguration {
  /// Whether it is a folder on a medium that may not be there.
  public var isMedium: Bool { kind == .directory && location == .removable }
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
  /// A program with its arguments, whose standard output is stored as one file; empty for none.
  public var command: [String] = []
  /// That file's name; nil for the set's name and `.dump`.
  public var commandName: String?
  /// Seconds after which the program is ended.
  public var commandTimeout: Int64 = 6 * 3600
  /// Absolute paths of SQLite databases that are stored as consistent copies.
  public var sqlite: [String] = []
  /// Programs with their arguments to run before anything is read and after all is done; empty for none.
  public var before: [String] = []
  public var after: [String] = []
  /// Seconds after which each of them is ended.
  public var hookTimeout: Int64 = 3600
  public var secrets = SecretPolicy.warn
  /// Absolute paths and patterns of files and folders that may hold secrets.
  public var secretsAllow: [String] = []
  public init(name: String, dataClass: String, paths: [String], destinations: [String]) {
    self.name = name
    self.dataClass = dataClass
    self.paths = paths
    self.destinations = destinations
  }
}

extension SetConfiguration {
  /// Where snapshots have the command's output: an absolute path that is no file of the node's.
  public var commandPath: String { "/dump/\(commandName ?? "\(name).dump")" }
}

/// When `redoubt watch` backs up what has changed; seconds.
public struct WatchConfiguration: Sendable, Equatable {
  /// How long nothing must have changed.
  public var quiet: Int64 = 10
  /// How long after the first change it backs up though changes go on.
  public var longestWait: Int64 = 600
  public init() {}
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
  public var watch = WatchConfiguration()
  /// How often each class is backed up, and where to.
  public var frequencies = FrequencyTable.standard
  /// Patterns of what no set may hold; see `NeverRules`.
  public var never: [String] = []
  /// Who is told how a run ended.
  public var alerts = AlertsConfiguration()
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
  /// Who is told how a run ended.
  public var alerts = AlertsConfiguration()
  /// What `prune` keeps; nothing may be pruned where it is empty.
  public var keep = KeepRules()
  public var drill = DrillConfiguration()
  /// How long records stay in the keeper's catalog.
  public var logs = LogRetention()
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
