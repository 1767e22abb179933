internal import Archive
internal import Files
internal import Policy
internal import Repository
internal import Secrets

/// Keeps secrets out of a set's snapshots: looks at what is read before any of it is sent, and ends the run over a set
/// whose file holds what the set does not allow.
///
/// A file that comes in pieces holds back the volumes that are cut meanwhile, until it has been looked at; that is
/// `scanLimit` and a volume at most. Belongs to the thread that reads the sources.
final class SecretGuard {
  /// Bytes of a file that are looked at, holes not counted: keys and phrases are in small files, and databases have other
  /// means.
  static let scanLimit = 16 << 20

  private let policy: SecretPolicy
  private let allowed: ExcludeRules
  private let never: NeverRules
  /// Called for each secret that is stored nevertheless.
  var report: (Finding) -> Void = { _ in }
  private let scanner = SecretScanner()
  private var path: [UInt8] = []
  /// How much of the present file is still to be looked at; nil where none is being looked at.
  private var remaining: Int?
  private var held: [PlainVolume] = []
  private let deliver: (PlainVolume) throws -> Void

  /// - Parameter deliver: takes each volume once nothing in it may hold a secret.
  init(
    _ set: SetConfiguration, never: [String], deliver: @escaping (PlainVolume) throws -> Void
  ) throws(BackupError) {
    policy = set.secrets
    self.deliver = deliver
    do throws(ArchiveError) {
      allowed = try ExcludeRules(set.secretsAllow)
      self.never = try NeverRules(never)
    } catch {
      throw BackupError(.configuration, "set \(set.name): \(error)", hint: error.hint)
    }
  }

  // MARK: Names

  /// Refuses what `never` names. The run has looked before it began; this is for what has come since.
  func admit(_ found: borrowing FoundEntry) throws {
    if never.isEmpty { return }
    do { try never.check(found.entry.path, isDirectory: found.status.kind == .directory) } catch {
      throw BackupError(error)
    }
  }

  /// Whether the set allows secrets in this file: `secrets-allow` names it or a folder above it.
  private func isAllowed(_ path: [UInt8]) -> Bool {
    if allowed.isEmpty { return false }
    for end in path.indices where path[end] == UInt8(ascii: "/") {
      if allowed.exclude(Array(path[..<end]), isDirectory: true) { return true }
    }
    return allowed.exclude(path, isDirectory: false)
  }

  // MARK: Content

  /// Looks at a file that was read whole, before anything of it is packed.
  func check(_ content: UnsafeRawBufferPointer, of path: [UInt8]) throws {
    if isAllowed(path) { return }
    try judge(scanner.scan(content, name: path.fileName), path)
  }

  /// Begins a file that is packed in pieces.
  func begin(_ path: [UInt8]) {
    self.path = path
    if isAllowed(path) { return }
    remaining = Self.scanLimit
    scanner.begin(name: path.fileName)
  }

  /// Looks at the next piece, before it is packed.
  func take(_ bytes: UnsafeRawBufferPointer) throws {
    guard let remaining else { return }
    let piece = UnsafeRawBufferPointer(rebasing: bytes.prefix(remaining))
    scanner.take(piece)
    self.remaining = remaining - piece.count
    if remaining == piece.count { try finish() }
  }

  /// Passes over a hole.
  func skip(_ count: UInt64) {
    if remaining != nil { scanner.skip(count) }
  }

  /// Ends the file, wherever its reading ended, and lets go of the volumes that waited for it.
  func finish() throws {
    guard remaining != nil else { return }
    try judge(scanner.finish(), path)
    remaining = nil
    let volumes = held
    held = []
    for volume in volumes { try deliver(volume) }
  }

  /// Takes a volume that was cut.
  func send(_ volume: PlainVolume) throws {
    if remaining == nil { try deliver(volume) } else { held.append(volume) }
  }

  private func judge(_ findings: [SecretFinding], _ path: [UInt8]) throws {
    for finding in findings {
      let detail = "holds \(finding.kind.description), in line \(finding.line)"
      if finding.kind == .seedPhrase || policy == .refuse {
        throw BackupError(
          .failed, "/\(path.displayPath) \(detail); nothing of it was sent",
          hint: finding.kind == .seedPhrase
            ? "a seed phrase belongs on paper or metal: remove or exclude the file, or name it in secrets-allow"
            : "exclude the file, name it in secrets-allow, or set secrets = \"warn\"")
      }
      if policy == .warn { report(Finding(.secret, path.displayPath, detail)) }
    }
  }
}

extension [UInt8] {
  /// A path's last component.
  fileprivate var fileName: ArraySlice<UInt8> { self[(lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...] }
}

extension BackupError {
  init(_ violation: NeverRules.Violation) {
    self.init(.failed, "\(violation); nothing was sent", hint: violation.hint)
  }
}
