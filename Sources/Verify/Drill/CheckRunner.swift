internal import Files
internal import Glibc
internal import Policy
internal import Processes
internal import Repository

/// Runs the operator's checks in a restored tree: without network, as somebody who may do nothing else, within limits.
///
/// util-linux does it (unshare, setpriv, prlimit), in this order: namespaces take rights that are then given up.
struct CheckRunner {
  let configuration: DrillConfiguration
  let isCancelled: () -> Bool

  /// Bytes of a check's output that are recorded.
  private static let outputLimit = 4096
  /// Free bytes on the scratch file system below which a check is ended.
  private static let reserve: UInt64 = 64 << 20
  /// Processes and threads of one check.
  private static let processLimit = 256

  /// Gives the tree to the user that runs the checks, and finds out whether they can be run at all.
  /// - Throws: `.target` where not: nothing is known then.
  func prepare(_ folder: String) throws(VerifyError) {
    if geteuid() == 0 {
      guard let user = getpwnam(configuration.user) else {
        throw VerifyError(
          .target, "there is no user \(configuration.user) to run the checks as", hint: "[drill] user = \"nobody\"")
      }
      let owner = "\(user.pointee.pw_uid):\(user.pointee.pw_gid)"
      try demand(["chown", "-R", "-h", owner, folder], "give the restored tree to \(configuration.user)", hint: nil)
    }
    let hint =
      "the checks run in namespaces of their own (unshare); where this machine allows none, set isolation = \"limits\""
    try demand(
      isolation(CheckConfiguration(name: "", set: "", command: [])) + ["test", "-x", folder],
      "run a check as \(geteuid() == 0 ? configuration.user : "this user") in \(folder)",
      hint: configuration.isolation == .namespace
        ? hint : "each folder above it must be open to that user: [drill] scratch, or --scratch")
  }

  private func demand(_ words: [String], _ purpose: String, hint: String?) throws(VerifyError) {
    do {
      let outcome = try program(words, folder: "/", timeout: 3600).run(isCancelled: isCancelled)
      if outcome.ending == .cancelled { throw VerifyError(.cancelled, "stopped by a signal") }
      guard outcome.succeeded else {
        throw VerifyError(
          .target, "cannot \(purpose): \(words[0]) \(outcome.description): \(outcome.lastComplaint)", hint: hint)
      }
    } catch let error as VerifyError {
      throw error
    } catch {
      throw VerifyError(.target, "cannot \(purpose): \(error)", hint: "apt-get install util-linux coreutils")
    }
  }

  /// - Throws: `.cancelled` alone; whatever else goes wrong is the check's result.
  func run(_ check: CheckConfiguration, in folder: String) throws(VerifyError) -> Drill.Check {
    let began = PhaseTimes.now()
    func result(_ passed: Bool, _ ending: String, _ output: String = "") -> Drill.Check {
      Drill.Check(name: check.name, passed: passed, ending: ending, seconds: PhaseTimes.now() - began, output: output)
    }
    var isFull = false
    let outcome: ProgramOutcome
    do {
      outcome = try program(isolation(check) + check.command, folder: folder, timeout: Double(check.timeout)).run {
        isFull = isFull || freeBytes(folder) < Self.reserve
        return isFull || isCancelled()
      }
    } catch {
      return result(false, "\(error)")
    }
    let output = text(of: outcome)
    if isFull { return result(false, "was stopped: it filled the scratch file system", output) }
    if outcome.ending == .cancelled { throw VerifyError(.cancelled, "stopped by a signal") }
    guard outcome.succeeded else {
      // 126, of prlimit(1): a program that is there and cannot be run.
      let isBarred = outcome.ending == .exited(126) && mayNotRun(folder)
      let reason = isBarred ? ": \(folder) is mounted noexec, and no program of the tree can be run there" : ""
      return result(false, outcome.description + reason, output)
    }
    if let expect = check.expect {
      let lines = String(decoding: outcome.output, as: UTF8.self).split(whereSeparator: \.isNewline)
      guard lines.contains(where: { $0 == expect }) else {
        return result(false, "did not print the line '\(expect)'", output)
      }
    }
    return result(true, outcome.description, output)
  }

  /// The words before the check's own.
  private func isolation(_ check: CheckConfiguration) -> [String] {
    var words: [String] = []
    let isRoot = geteuid() == 0
    if configuration.isolation == .namespace {
      words += ["unshare", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
      if !isRoot { words.insert(contentsOf: ["--user", "--map-current-user"], at: 1) }
    }
    if isRoot {
      words += [
        "setpriv", "--reuid=\(configuration.user)", "--regid=\(group)", "--clear-groups", "--no-new-privs",
        "--inh-caps=-all", "--bounding-set=-all",
      ]
    }
    return words + [
      "prlimit", "--as=\(check.memory)", "--cpu=\(check.timeout)", "--nproc=\(Self.processLimit)", "--core=0", "--",
    ]
  }

  private var group: String { getpwnam(configuration.user).map { "\($0.pointee.pw_gid)" } ?? "nogroup" }

  /// Nothing of our environment reaches a check: neither credentials nor the agent's socket.
  private func program(_ words: [String], folder: String, timeout: Double) -> Program {
    var program = Program(words, folder: folder, timeout: timeout)
    program.inheritsEnvironment = false
    program.variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": folder, "LC_ALL": "C.UTF-8", "TMPDIR": folder,
    ]
    program.outputLimit = 1 << 20
    return program
  }

  private func mayNotRun(_ folder: String) -> Bool {
    var status = statvfs()
    // statvfs(3): ST_NOEXEC
    return statvfs(folder, &status) == 0 && status.f_flag & 8 != 0
  }

  /// Where that cannot be told, the check's own limits must do.
  private func freeBytes(_ folder: String) -> UInt64 {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return .max }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// What a record keeps: printable text, whatever the check wrote.
  private func text(of outcome: ProgramOutcome) -> String {
    let bytes = outcome.output.prefix(Self.outputLimit) + outcome.errors.suffix(Self.outputLimit)
    let text = String(decoding: bytes, as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0 == "\n" || $0.value >= 32 && $0.value != 127 }))
  }
}
