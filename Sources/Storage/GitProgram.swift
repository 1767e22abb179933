internal import Processes

/// The real git, run for one repository folder: never asking anything, within bounds of time, in English.
struct GitProgram: Sendable {
  let settings: GitSettings
  let environment: [String: String]
  let cancellation: Cancellation
  /// Takes lines for a maintainer.
  let log: (@Sendable (String) -> Void)?

  /// Seconds that a command may take that talks to nobody.
  static let localTimeout = 900.0
  /// Seconds that a question to the remote may take.
  static let questionTimeout = 120.0
  /// Seconds that a fetch may take.
  static let fetchTimeout = 4 * 3600.0

  /// Runs a git command.
  /// - Parameters:
  ///   - folder: the bare repository; none for commands that need none.
  ///   - index: the index file.
  /// - Throws: where it could not be run, took too long or was cancelled. A nonzero exit code is for the caller.
  func run(
    _ arguments: [String], in folder: String?, index: String? = nil, input: [UInt8] = [],
    timeout: Double = localTimeout, outputLimit: Int = 1 << 20
  ) throws(StorageError) -> ProgramOutcome {
    var program = Program(["git"] + (folder.map { ["--git-dir=\($0)"] } ?? []) + arguments, timeout: timeout)
    program.inheritsEnvironment = false
    program.variables = variables.mapValues { Optional($0) }
    if let index { program.variables["GIT_INDEX_FILE"] = index }
    program.outputLimit = outputLimit
    let outcome: ProgramOutcome
    do throws(ProgramError) {
      outcome = try program.run(input: input) { cancellation.isCancelled }
    } catch {
      throw StorageError(
        .refused, settings.address, "\(error)",
        hint: error.code == .notFound ? "install the package git" : nil)
    }
    log?("git \(arguments.first ?? ""): \(outcome.description)")
    switch outcome.ending {
    case .cancelled: throw StorageError(.cancelled, settings.address, "stopped")
    case .timedOut:
      throw StorageError(
        .unreachable, settings.address, "git \(arguments.first ?? "") \(outcome.description)", isTransient: true)
    case .exited, .signalled: return outcome
    }
  }

  /// Ours, without what would lead git elsewhere; the user's own configuration stays, for its credential helpers.
  private var variables: [String: String] {
    var variables = environment
    for name in [
      "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
      "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_SHALLOW_FILE", "GIT_PREFIX",
    ] {
      variables[name] = nil
    }
    variables["LC_ALL"] = "C"
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["GIT_ASKPASS"] = "true"
    variables["SSH_ASKPASS_REQUIRE"] = "never"
    if variables["GIT_SSH_COMMAND"] == nil, variables["GIT_SSH"] == nil {
      variables["GIT_SSH_COMMAND"] =
        "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    }
    // Bytes a second and seconds: below that a transfer over http counts as stalled.
    if variables["GIT_HTTP_LOW_SPEED_LIMIT"] == nil { variables["GIT_HTTP_LOW_SPEED_LIMIT"] = "100" }
    if variables["GIT_HTTP_LOW_SPEED_TIME"] == nil { variables["GIT_HTTP_LOW_SPEED_TIME"] = "60" }
    return variables
  }
}
