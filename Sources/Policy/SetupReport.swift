internal import Files
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

  private static func hint(_ error: FileError) -> String? {
    error.errno == .permissionDenied ? "run this as root, or choose other places with --config and --state" : nil
  }
}
