internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// A real tool, run to its end: `try Command.run("gpg", ["--version"])`.
///
/// Standard input, output and error are memory files, so that no tool waits for a reader.
public final class Command: Sendable {
  public struct Outcome: Sendable {
    /// The exit code; 128 + the signal's number where one ended the tool.
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]
    public var text: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
    public var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) }
  }

  public struct Failure: Error, CustomStringConvertible {
    public let command: [String]
    public let reason: String
    public var description: String { "\(command.joined(separator: " ")): \(reason)" }
  }

  public let pid: Int32
  private let command: [String]
  private let output: Int32
  private let errors: Int32

  /// Runs a tool and waits.
  /// - Parameters:
  ///   - program: a path, or a name that is looked for on `PATH`.
  ///   - input: what it reads from standard input.
  ///   - environment: variables added to (or replaced in) this process's own; nil as a value removes one.
  ///   - folder: its working directory; this process's own where nil.
  ///   - timeout: seconds; then the tool and its process group are killed and this throws.
  /// - Throws: `Failure` where it cannot be started or does not end in time; a nonzero status is not an error.
  @discardableResult
  public static func run(
    _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String?] = [:],
    folder: String? = nil, timeout: Double = 60
  ) throws(Failure) -> Outcome {
    try Command(program, arguments, input: input, environment: environment, folder: folder).wait(timeout: timeout)
  }

  /// Like `run`, for a tool that must succeed: a nonzero status is thrown with what it wrote to standard error.
  @discardableResult
  public static func succeed(
    _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String?] = [:],
    folder: String? = nil, timeout: Double = 60
  ) throws(Failure) -> Outcome {
    let outcome = try run(
      program, arguments, input: input, environment: environment, folder: folder, timeout: timeout)
    guard outcome.status == 0 else {
      throw Failure(command: [program] + arguments, reason: "status \(outcome.status): \(outcome.errorText)")
    }
    return outcome
  }

  /// Starts a tool without waiting; `wait(timeout:)` must follow once.
  public init(
    _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String?] = [:],
    folder: String? = nil
  ) throws(Failure) {
    let words = (folder.map { ["env", "-C", $0] } ?? []) + [program] + arguments
    command = words
    let source = try Command.memoryFile(words)
    defer { close(source) }
    do { try FileContent.writeAll(input, to: source, path: "standard input") } catch {
      throw Failure(command: words, reason: error.description)
    }
    lseek(source, 0, SEEK_SET)
    output = try Command.memoryFile(words)
    errors = try Command.memoryFile(words)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, source, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // A process group of its own, so that a timeout ends its children too.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    // Tests run on threads that have signals blocked, and the tool would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

    var variables = Command.ownEnvironment()
    for (name, value) in environment { variables[name] = value }
    var cArguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var cVariables: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for string in cArguments + cVariables { free(string) } }
    var process = pid_t()
    let result = posix_spawnp(&process, words[0], &actions, &attributes, &cArguments, &cVariables)
    guard result == 0 else {
      close(output)
      close(errors)
      throw Failure(command: words, reason: Errno(rawValue: result).description)
    }
    pid = process
  }

  /// Sends a signal to the tool alone, for instance `SIGKILL` in the middle of its work.
  public func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end, at most `timeout` seconds.
  public func wait(timeout: Double = 60) throws(Failure) -> Outcome {
    defer {
      close(output)
      close(errors)
    }
    let ended = redoubt_pidfd_open(pid)
    var descriptor = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
    let inTime = retryingInterrupts { Int(poll(&descriptor, 1, Int32(timeout * 1000))) } > 0
    close(ended)
    if !inTime { kill(-pid, SIGKILL) }
    var status: Int32 = 0
    _ = retryingInterrupts { Int(waitpid(pid, &status, 0)) }
    let (written, complaints) = (Command.content(output), Command.content(errors))
    guard inTime else {
      let text = String(decoding: complaints.suffix(2000), as: UTF8.self)
      throw Failure(command: command, reason: "did not end within \(timeout) s: \(text)")
    }
    let code = redoubt_exited(status) != 0 ? redoubt_exit_status(status) : 128 + redoubt_term_signal(status)
    return Outcome(status: code, output: written, errors: complaints)
  }

  private static func memoryFile(_ command: [String]) throws(Failure) -> Int32 {
    let low = redoubt_memfd_create("command")
    // Above 2, so that no redirection overwrites another's source.
    let file = fcntl(low, F_DUPFD_CLOEXEC, 10)
    let errno = Errno.current
    close(low)
    guard file >= 0 else { throw Failure(command: command, reason: errno.description) }
    return file
  }

  private static func content(_ file: Int32) -> [UInt8] {
    let size = max(Int(lseek(file, 0, SEEK_END)), 0)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let result = pread(file, buffer.baseAddress?.advanced(by: count), size - count, off_t(count))
        if result <= 0 { return }
        count += result
      }
    }
  }

  private static func ownEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next += 1
    }
    return variables
  }
}
