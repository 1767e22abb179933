internal import Files
internal import Glibc
internal import SystemPackage

/// What a first set-up made and what it found there already.
public struct SetupReport: Sendable, Equatable {
  public struct Step: Sendable, Equatable {
    /// False: it was there already and was left as it is.
    public var isNew: Bool
    /// `configuration`, `state folder`, `signing key`, …
    public var what: String
    /// A path or a fingerprint.
    public var name: String
  }

  public struct Remaining: Sendable, Equatable {
    public var what: String
    /// Command lines that do it, or that are ways to do it.
    public var commands: [String]

    init(_ what: String, _ commands: [String] = []) {
      self.what = what
      self.commands = commands
    }
  }

  public var steps: [Step] = []
  /// The fingerprint of the signing key.
  public var signer = ""
  /// The file with its public key. A node's is to be copied to the keeper.
  public var publicKeyFile = ""
  /// Node: what the keeper's configuration needs.
  public var nodeBlock = ""
  /// The key ring.
  public var gnupgHome = ""
  /// What is left for a person to do, in order.
  public var remaining: [Remaining] = []

  mutating func note(_ isNew: Bool, _ what: String, _ name: String) {
    steps.append(Step(isNew: isNew, what: what, name: name))
  }

  /// Makes a folder with its parents, unless it is there.
  mutating func makeFolder(_ path: String, mode: UInt32, _ what: String) throws(SetupError) {
    let isNew = !Paths.exists(path)
    do {
      try Paths.makeFolders(path, mode: mode)
    } catch {
      throw SetupError(path, "cannot make the folder: \(error.errno)", hint: Self.hint(error))
    }
    note(isNew, what, path)
  }

  /// Writes a file, unless it is there.
  mutating func write(_ text: String, to path: String, mode: UInt32, _ what: String) throws(SetupError) {
    do {
      try FileContent.write(Array(text.utf8), to: path, mode: mode, existing: .refuse)
      note(true, what, path)
    } catch {
      guard error.errno == .fileExists else {
        throw SetupError(path, "cannot write the file: \(error.errno)", hint: Self.hint(error))
      }
      note(false, what, path)
    }
  }

  /// Writes a configuration, unless there is one that somebody has touched. Root's for another user is that user's to read
  /// and nobody's but root's to write (mode 640); else it is closed to others (600).
  mutating func write(configuration text: String, to path: String, replacing starter: String) throws(SetupError) {
    let isForAnother = geteuid() != 0 && ServiceUser.canChangeOwners
    let folder = Paths.parent(path)
    do {
      if !Paths.exists(folder) {
        try Paths.makeFolders(folder, mode: isForAnother ? 0o750 : 0o755)
        if isForAnother { try Self.giveToRoot(folder) }
      }
    } catch {
      throw SetupError(folder, "cannot make the folder: \(error.errno)", hint: Self.hint(error))
    }
    guard Self.isUntouched(path, starter) else {
      try write(text, to: path, mode: isForAnother ? 0o640 : 0o600, "configuration")
      return try giveConfiguration(path, isForAnother)
    }
    do {
      try FileContent.write(Array(text.utf8), to: path, mode: isForAnother ? 0o640 : 0o600, existing: .replace)
    } catch {
      throw SetupError(path, "cannot write the file: \(error.errno)", hint: Self.hint(error))
    }
    note(true, "configuration", path)
    try giveConfiguration(path, isForAnother)
  }

  private func giveConfiguration(_ path: String, _ isForAnother: Bool) throws(SetupError) {
    guard isForAnother, steps.last?.isNew == true else { return }
    do { try Self.giveToRoot(path) } catch { throw SetupError(path, "cannot give the file to root: \(error.errno)") }
  }

  /// The group stays that of the user who runs this.
  private static func giveToRoot(_ path: String) throws(FileError) {
    guard lchown(path, 0, getegid()) == 0 else { throw FileError("chown", path, .current) }
  }

  /// Whether the file is the commented configuration that a package installed, and nothing else.
  static func isUntouched(_ path: String, _ starter: String) -> Bool {
    // One that cannot be read is reported by whoever needs what it says.
    (try? FileContent.read(path, maximumLength: 1 << 20)).map { $0 == Array(starter.utf8) } ?? false
  }

  /// What root makes in the state folder of another user is that user's from the start.
  static func become(ownerOf state: String) throws(SetupError) {
    do { try ServiceUser.become(ownerOf: state, keeping: .everything) } catch {
      throw SetupError("", "\(error)")
    }
  }

  private static func hint(_ error: FileError) -> String? {
    error.errno == .permissionDenied ? "run this as root, or choose other places with --config and --state" : nil
  }
}
