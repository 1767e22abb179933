internal import CLinux
internal import Glibc
internal import SystemPackage

/// A program that was started: in a process group of its own, with our signals' defaults, and with pipes to it.
///
/// Belongs to the thread that started it.
final class ChildProcess {
  let process: pid_t
  /// Polls as readable once the program has ended.
  let ended: Int32
  /// Our ends, non-blocking; -1 once closed.
  private(set) var input: Int32
  private(set) var output: Int32
  private(set) var errors: Int32

  init(_ program: Program) throws(ProgramError) {
    var pipes: [(read: Int32, write: Int32)] = []
    defer { for pipe in pipes { closeAll([pipe.read, pipe.write]) } }
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      guard redoubt_pipe(&ends) == 0 else { throw ProgramError(.notStarted, program.name, Self.reason(errno)) }
      pipes.append((ends[0], ends[1]))
    }
    process = try Self.spawn(program, [pipes[0].read, pipes[1].write, pipes[2].write])
    ended = redoubt_pidfd_open(process)
    guard ended >= 0 else {
      let reason = Self.reason(errno)
      (input, output, errors) = (-1, -1, -1)
      _ = end()
      throw ProgramError(.notStarted, program.name, reason)
    }
    (input, output, errors) = (pipes[0].write, pipes[1].read, pipes[2].read)
    // What is ours stays open.
    (pipes[0].write, pipes[1].read, pipes[2].read) = (-1, -1, -1)
    for end in [input, output, errors] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
  }

  deinit { closeAll([ended, input, output, errors]) }

  func closeInput() {
    closeAll([input])
    input = -1
  }

  func closeOutput() {
    closeAll([output])
    output = -1
  }

  func closeErrors() {
    closeAll([errors])
    errors = -1
  }

  /// Sends a signal to the program and all that it started and left in its group.
  func signal(_ number: Int32) { kill(-process, number) }

  /// Ends whatever is left of the program and its group, and takes its status (`waitpid(2)`).
  ///
  /// Its process id, and so its group's, is taken by nobody else before this.
  func end() -> Int32 {
    signal(SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  // MARK: Starting

  private static func spawn(_ program: Program, _ descriptors: [Int32]) throws(ProgramError) -> pid_t {
    guard let path = locate(program) else { throw ProgramError(.notFound, program.name, "there is no such program") }
    do {
      return try Processes.spawn(
        path, words: program.words, variables: environment(of: program).map { "\($0.key)=\($0.value)" },
        descriptors: descriptors, folder: program.folder)
    } catch {
      let isMissingFolder = error == .noSuchFileOrDirectory && program.folder != nil
      throw ProgramError(
        .notStarted, program.name,
        isMissingFolder ? "it or the folder \(program.folder ?? "") is missing" : reason(error.rawValue))
    }
  }

  /// `execvp(3)`'s search, done before the start so that a missing program has a message of its own.
  static func locate(_ program: Program) -> String? {
    guard let name = program.words.first, !name.isEmpty else { return nil }
    if name.contains("/") { return access(name, F_OK) == 0 ? name : nil }
    let path = environment(of: program)["PATH"] ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  private static func environment(of program: Program) -> [String: String] {
    var variables: [String: String] = [:]
    if program.inheritsEnvironment {
      var next = environ
      while let entry = next.pointee {
        next += 1
        let text = String(cString: entry)
        guard let equals = text.firstIndex(of: "=") else { continue }
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
    }
    for (name, value) in program.variables { variables[name] = value }
    return variables
  }

  private static func reason(_ code: Int32) -> String {
    let text = Errno(rawValue: code).description
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

private func closeAll(_ descriptors: [Int32]) {
  for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
}
