/// What is watched under one name.
public struct WatchTarget: Sendable {
  public var name: String
  /// Absolute paths, without `.` and repeated slashes; files, directories, or nothing yet.
  public var paths: [String]
  public var filter: WatchFilter

  public init(name: String, paths: [String], filter: WatchFilter = WatchFilter()) {
    self.name = name
    self.paths = paths
    self.filter = filter
  }
}

/// What below a target's paths does not matter.
public struct WatchFilter: Sendable {
  /// Whether an entry, and all below it, is left out.
  /// - `source`: one of the target's paths.
  /// - `entry`: relative to it, without a leading slash.
  public var excludes: @Sendable (_ source: [UInt8], _ entry: [UInt8], _ isDirectory: Bool) -> Bool
  /// Whether an open directory's content is left out. The descriptor stays the caller's.
  public var excludesContent: @Sendable (_ directory: Int32) -> Bool
  /// Whether other file systems mounted below a path are left out.
  public var staysOnFileSystem: Bool

  public init(
    staysOnFileSystem: Bool = false,
    excludes: @escaping @Sendable (_ source: [UInt8], _ entry: [UInt8], _ isDirectory: Bool) -> Bool = { _, _, _ in
      false
    },
    excludesContent: @escaping @Sendable (_ directory: Int32) -> Bool = { _ in false }
  ) {
    self.staysOnFileSystem = staysOnFileSystem
    self.excludes = excludes
    self.excludesContent = excludesContent
  }
}

/// How much of a target is watched.
public struct WatchCoverage: Sendable, Equatable {
  /// Directories that are watched, with those above the target's paths.
  public var directories = 0
  /// Directories that are not, because the user has no more watches (`fs.inotify.max_user_watches`).
  public var beyondLimit = 0
  /// Directories that are not, because their path is longer than the system takes, or they may not be read.
  public var unreachable = 0
  /// Paths of the target that are not there now.
  public var missing: [String] = []

  public init() {}

  public var isComplete: Bool { beyondLimit == 0 }
}
