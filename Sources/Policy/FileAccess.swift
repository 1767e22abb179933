internal import Files
internal import Glibc
internal import SystemPackage

/// Who may read and write a file that a backup depends on.
enum FileAccess {
  /// What is wrong with a configuration file's owner and mode, and with its folder's. Writable by others is an error:
  /// they choose what is stored where. Readable is a warning: it names what is worth stealing.
  static func problems(ofConfiguration path: String) -> [ConfigurationProblem] {
    var status = stat()
    // A file that is not there has a message of its own.
    guard stat(path, &status) == 0 else { return [] }
    var problems = ownerProblems(path, status)
    if status.st_mode & 0o022 != 0 {
      problems.append(
        ConfigurationProblem(
          .error, "others can write \(path) (mode \(octal(status)))", hint: "run chmod 600 \(path)"))
    } else if status.st_mode & othersRead(status) != 0 {
      problems.append(
        ConfigurationProblem(
          .warning, "others can read \(path) (mode \(octal(status)))", hint: "run chmod 600 \(path)"))
    }
    let folder = Paths.parent(path)
    guard stat(folder, &status) == 0 else { return problems }
    problems += ownerProblems(folder, status)
    // In a sticky folder such as /tmp, others cannot take a file's place.
    if status.st_mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 {
      problems.append(
        ConfigurationProblem(
          .error, "others can write the folder \(folder) (mode \(octal(status))), and so replace \(path)",
          hint: "run chmod go-w \(folder)"))
    }
    return problems
  }

  /// A folder of our own: there, a folder, ours, and closed to others.
  static func problems(ofPrivateFolder path: String, key: String) -> [ConfigurationProblem] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return [
        ConfigurationProblem(.error, "\(path) does not exist", key: key, hint: "the init command makes it")
      ]
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return [ConfigurationProblem(.error, "\(path) is not a folder", key: key)]
    }
    var problems = ownerProblems(path, status)
    if status.st_mode & 0o077 != 0 {
      let severity: ConfigurationProblem.Severity = status.st_mode & 0o022 != 0 ? .error : .warning
      let verb = severity == .error ? "write" : "read"
      problems.append(
        ConfigurationProblem(
          severity, "others can \(verb) \(path) (mode \(octal(status)))", key: key, hint: "run chmod 700 \(path)"))
    }
    return problems
  }

  /// A file with something secret in it: ours, and closed to others.
  static func problems(ofSecret path: String, key: String) -> [ConfigurationProblem] {
    var status = stat()
    // What cannot be read has a message of its own.
    guard stat(path, &status) == 0 else { return [] }
    var problems = ownerProblems(path, status)
    if status.st_mode & (0o033 | othersRead(status)) != 0 {
      problems.append(
        ConfigurationProblem(
          .error, "others can read or write \(path) (mode \(octal(status)))", key: key, hint: "run chmod 600 \(path)"))
    }
    return problems
  }

  /// Why the program `path` cannot be run; nil where it can.
  static func executionProblem(_ path: String) -> String? {
    Paths.allows(path, X_OK) ? nil : reason(path, "run")
  }

  /// Why `path` cannot be read; nil where it can.
  static func readProblem(_ path: String) -> String? {
    if Paths.allows(path, R_OK) { return nil }
    return reason(path, "read")
  }

  /// Why no file can be made in the folder `path`; nil where one can.
  static func writeProblem(ofFolder path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return reason(path, "write") }
    guard status.st_mode & S_IFMT == S_IFDIR else { return "\(path) is not a folder" }
    return Paths.allows(path, W_OK | X_OK) ? nil : reason(path, "write")
  }

  private static func reason(_ path: String, _ verb: String) -> String {
    switch Errno.current {
    case .noSuchFileOrDirectory, .notDirectory: "\(path) does not exist"
    case .permissionDenied: "\(path) cannot be \(verb == "write" ? "written" : verb) by this user"
    case let errno: FileError(verb, path, errno).description
    }
  }

  private static func ownerProblems(_ path: String, _ status: stat) -> [ConfigurationProblem] {
    if status.st_uid == 0 || status.st_uid == geteuid() { return [] }
    return [
      ConfigurationProblem(
        .error, "\(path) belongs to user \(status.st_uid), who is neither root nor the one who runs this",
        hint: "run chown \(geteuid()) \(path)")
    ]
  }

  /// The bits by which others than root and this user read: not the group's where it is the user's own, so that a file of
  /// root's can be read by a service and not written.
  private static func othersRead(_ status: stat) -> mode_t {
    ServiceUser.isOwnGroup(status.st_gid) ? 0o004 : 0o044
  }

  private static func octal(_ status: stat) -> String { String(status.st_mode & 0o7777, radix: 8) }
}
