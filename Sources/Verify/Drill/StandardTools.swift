internal import Files
internal import Glibc
internal import Processes
internal import Repository
internal import Storage

/// The way out of Redoubt: restores a snapshot as somebody would who has nothing but the objects, `recover-1.sh` as it is
/// stored beside them, and standard tools.
struct StandardTools {
  let reader: any ObjectReader
  /// The keys that the manifest may be signed by.
  let trusted: [String]
  let gnupgHome: String
  let phases: PhaseTimes
  let isCancelled: () -> Bool

  /// What the script needs, as its guide says; nothing else is on its `PATH`.
  static let tools = [
    "awk", "bash", "bsdtar", "cat", "chgrp", "chmod", "chown", "cp", "cut", "dash", "dd", "dirname", "env", "expr",
    "find",
    "getfattr", "gpg", "gpg-agent", "gpgv", "grep", "head", "id", "ln", "ls", "mkdir", "mkfifo", "mknod", "mktemp",
    "mv",
    "od", "printf", "readlink", "rm", "rmdir", "sed", "setfacl", "setfattr", "sh", "sha256sum", "sort", "stat", "tail",
    "tar", "test", "touch", "tr", "truncate", "uniq", "wc", "xargs", "zstd",
  ]
  /// Those that no restore does without.
  private static let required = ["awk", "gpg", "sh", "sha256sum", "tar", "zstd"]
  private static let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"]
  /// No object is longer than a manifest may be.
  private static let objectLimit = Manifest.storedLimit
  private static let timeout = 24 * 3600.0

  /// - Parameters:
  ///   - folder: an existing folder for the copies of the objects, removed by the caller.
  ///   - target: the folder to restore to.
  ///   - count: called with the bytes of each object that was fetched.
  /// - Returns: what the script found wrong; empty where it restored everything.
  func restore(
    _ manifest: Manifest, copies folder: String, target: String, count: (Int) -> Void
  ) throws -> [Finding] {
    let layout = Layout(host: manifest.description.host)
    let keys =
      [layout.recovery(Recovery.scriptName), layout.manifest(manifest.description.set, manifest.snapshot)]
      + manifest.volumes.map { layout.root + $0.name }
    for key in keys {
      if isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      let clock = phases.start()
      let content: [UInt8]
      do throws(StorageError) { content = try reader.get(key, maximumLength: Self.objectLimit) } catch {
        if error.code == .missing { return [Finding(.missing, key, "no such object")] }
        throw VerifyError(.storage, "\(error)", hint: error.hint)
      }
      phases.add(.download, since: clock)
      try Paths.makeFolders(Paths.parent("\(folder)/\(key)"))
      try FileContent.write(content, to: "\(folder)/\(key)")
      count(content.count)
    }
    return try run(manifest, layout, folder, target)
  }

  private func run(
    _ manifest: Manifest, _ layout: Layout, _ folder: String, _ target: String
  ) throws -> [Finding] {
    let path = "\(folder)/tools"
    try Paths.makeFolders(path)
    for tool in Self.tools {
      let found = Self.folders.map { (folder: String) -> String in "\(folder)/\(tool)" }.first(where: isExecutable)
      if let found {
        symlink(found, "\(path)/\(tool)")
      } else if Self.required.contains(tool) {
        throw VerifyError(
          .target, "\(tool) is not installed", hint: "recover-1.sh needs \(Self.required.joined(separator: ", "))")
      }
    }
    let host = manifest.description.host
    var program = Program(
      ["\(path)/sh", "\(folder)/\(layout.recovery(Recovery.scriptName))"], folder: folder, timeout: Self.timeout)
    if trusted.count == 1, let signer = trusted.first { program.words += ["-k", signer] }
    program.words += ["-o", "\(manifest.snapshot)", "\(folder)/\(host)", manifest.description.set, target]
    program.inheritsEnvironment = false
    program.variables = ["PATH": path, "GNUPGHOME": gnupgHome, "HOME": folder, "LC_ALL": "C", "TMPDIR": folder]
    let clock = phases.start()
    let outcome = try program.run(isCancelled: isCancelled)
    phases.add(.extract, since: clock)
    switch outcome.ending {
    // 3: the content is right, and not everything about the files could be set; the comparison tells what.
    case .exited(0), .exited(3): return []
    case .exited(4): return [Finding(.contentMismatch, Recovery.scriptName, outcome.lastComplaint)]
    case .cancelled: throw VerifyError(.cancelled, "stopped by a signal")
    default:
      throw VerifyError(
        .target, "\(Recovery.scriptName) \(outcome.description): \(outcome.lastComplaint)",
        hint: "RECOVER-1.md, beside it, tells what it needs")
    }
  }
}

private func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }
