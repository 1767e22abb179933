internal import CLinux
internal import Glibc

extension Program {
  /// Runs the program to its end and keeps what it writes, within `outputLimit`.
  /// - Parameters:
  ///   - input: what it reads from standard input, which is closed behind that.
  ///   - isCancelled: looked at several times a second; true ends the program.
  /// - Throws: where it cannot be started. How it ended is for the caller to judge.
  public func run(
    input: [UInt8] = [], isCancelled: () -> Bool = { false }
  ) throws(ProgramError) -> ProgramOutcome {
    var output: [UInt8] = []
    var isCut = false
    let run = ProgramRun(self, try ChildProcess(self), input: input)
    var outcome = run.follow(isCancelled: isCancelled) { piece throws(Never) in
      let room = max(0, outputLimit - output.count)
      output.append(contentsOf: piece.prefix(room))
      isCut = isCut || piece.count > room
    }
    outcome.output = output
    outcome.isOutputCut = isCut || outcome.isOutputCut
    return outcome
  }

  /// Runs the program to its end and hands on what it writes to standard output, in pieces as they come.
  ///
  /// A slow consumer slows the program down: nothing is collected. The pieces are provisional: only the outcome tells
  /// whether they are all there is.
  /// - Parameters:
  ///   - consume: called on this thread; what it throws ends the program and is thrown on.
  /// - Throws: `ProgramError` where it cannot be started, and what `consume` throws.
  public func stream(
    input: [UInt8] = [], isCancelled: () -> Bool = { false },
    _ consume: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> ProgramOutcome {
    let run = ProgramRun(self, try ChildProcess(self), input: input)
    return try run.follow(isCancelled: isCancelled, consume)
  }
}

/// One program being served: its pipes are read and written as they become ready, until it has ended and they are closed.
private final class ProgramRun {
  private let program: Program
  private let child: ChildProcess
  private var input: ArraySlice<UInt8>
  private var errors: [UInt8] = []
  /// Why we end it, once we do.
  private var ending: ProgramOutcome.Ending?
  private let deadline: Double?
  /// When SIGTERM becomes SIGKILL, or what was left running is ended.
  private var killTime: Double?
  private var hasEnded = false
  /// A pipe failed: what came of it is not all there is.
  private var isUnreadable = false
  private var isTaken = false
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

  /// Milliseconds between two looks at whether to stop.
  private static let tick: Int32 = 100

  init(_ program: Program, _ child: ChildProcess, input: [UInt8]) {
    self.program = program
    self.child = child
    self.input = input[...]
    deadline = program.timeout.map { Self.now() + $0 }
    if input.isEmpty { child.closeInput() }
  }

  deinit {
    buffer.deallocate()
    if !isTaken { _ = child.end() }
  }

  func follow<Failure: Error>(
    isCancelled: () -> Bool, _ consume: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> ProgramOutcome {
    while child.output >= 0 || child.errors >= 0 || !hasEnded {
      wait()
      feed()
      if child.output >= 0, let piece = read(child.output) {
        if piece.isEmpty { child.closeOutput() } else { try consume(piece) }
      }
      if child.errors >= 0, let piece = read(child.errors) {
        if piece.isEmpty { child.closeErrors() } else { keepErrors(piece) }
      }
      supervise(isCancelled: isCancelled())
      if hasEnded, let killTime, Self.now() > killTime { break }
    }
    // Children that outlive the program in its group belong to nobody.
    let isLeftOpen = child.output >= 0
    isTaken = true
    let status = child.end()
    var outcome = ProgramOutcome(ending: ending ?? Self.ending(status))
    outcome.errors = errors
    outcome.isOutputCut = isLeftOpen || isUnreadable
    return outcome
  }

  private func supervise(isCancelled: Bool) {
    let now = Self.now()
    if let killTime {
      if now > killTime { child.signal(SIGKILL) }
      return
    }
    if hasEnded {
      killTime = now + program.grace
    } else if isCancelled {
      end(.cancelled, now)
    } else if let deadline, now > deadline {
      end(.timedOut(program.timeout ?? 0), now)
    }
  }

  private func end(_ ending: ProgramOutcome.Ending, _ now: Double) {
    self.ending = ending
    killTime = now + program.grace
    child.signal(SIGTERM)
  }

  // MARK: Pipes

  private func wait() {
    var descriptors: [pollfd] = []
    if child.input >= 0 { descriptors.append(pollfd(fd: child.input, events: Int16(POLLOUT), revents: 0)) }
    for end in [child.output, child.errors] where end >= 0 {
      descriptors.append(pollfd(fd: end, events: Int16(POLLIN), revents: 0))
    }
    // Last, so that it is found there below.
    if !hasEnded { descriptors.append(pollfd(fd: child.ended, events: Int16(POLLIN), revents: 0)) }
    let ready = poll(&descriptors, nfds_t(descriptors.count), Self.tick)
    if ready > 0, !hasEnded, let last = descriptors.last, last.revents != 0 { hasEnded = true }
  }

  private func feed() {
    guard child.input >= 0 else { return }
    let written = input.withUnsafeBytes { writeIgnoringClosedPipe(child.input, $0) }
    if written >= 0 {
      input = input.dropFirst(written)
      if input.isEmpty { child.closeInput() }
    } else if errno != EAGAIN, errno != EINTR {
      // It does not want more: how it ends tells whether that is well.
      child.closeInput()
    }
  }

  /// - Returns: nil where nothing is there yet; empty at the end, and where it cannot be read: then output is missing.
  private func read(_ descriptor: Int32) -> UnsafeRawBufferPointer? {
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    if count < 0, errno == EAGAIN || errno == EINTR { return nil }
    if count < 0 { isUnreadable = true }
    return UnsafeRawBufferPointer(rebasing: buffer[..<max(0, count)])
  }

  private func keepErrors(_ piece: UnsafeRawBufferPointer) {
    errors.append(contentsOf: piece.suffix(program.errorLimit))
    if errors.count > 2 * program.errorLimit { errors.removeFirst(errors.count - program.errorLimit) }
  }

  private static func ending(_ status: Int32) -> ProgramOutcome.Ending {
    redoubt_signalled(status) != 0
      ? .signalled(redoubt_term_signal(status)) : .exited(redoubt_exit_status(status))
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// `write(2)` to a pipe whose reader may be gone: EPIPE instead of a signal that ends this process.
private func writeIgnoringClosedPipe(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  var pipe = sigset_t()
  sigemptyset(&pipe)
  sigaddset(&pipe, SIGPIPE)
  var before = sigset_t()
  pthread_sigmask(SIG_BLOCK, &pipe, &before)
  let result = write(descriptor, bytes.baseAddress, bytes.count)
  let code = errno
  if result < 0, code == EPIPE {
    var nothing = timespec()
    // The signal that this write made waits for us: take it, unless it was blocked before and waited already.
    sigtimedwait(&pipe, nil, &nothing)
  }
  pthread_sigmask(SIG_SETMASK, &before, nil)
  errno = code
  return result
}
