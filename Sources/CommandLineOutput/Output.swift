internal import Files
internal import Glibc
public import JSON
public import Journal
internal import Synchronization
internal import SystemPackage

/// Where a command's words go: results to standard output, as text or as JSON lines; messages to standard error.
///
/// Where systemd runs the program, messages go to its journal with what they are about as fields of their own.
///
/// Any thread may use it; lines never mix. A reader that goes away (a closed pipe) never ends a run.
public final class Output: Sendable {
  /// Whether results are JSON, one object a line.
  public let isJSON: Bool
  /// Whether details for a maintainer are asked for.
  public let isDebug: Bool
  /// Whether progress is drawn: standard error is a terminal that can redraw a line.
  public let drawsProgress: Bool
  /// Whether results may have colors.
  let drawsColors: Bool

  private struct State {
    /// Text that `row` holds back.
    var held = ""
    /// Standard output's first failure; nothing is written after it.
    var failure: Errno?
    /// A progress line is on the terminal.
    var hasStatus = false
    /// The node that the run is about.
    var host: String?
  }
  private let state = Mutex(State())
  private let results: Int32
  private let messages: Int32
  /// Where messages, and results as text, go instead of their descriptors.
  private let messageJournal: Journal?
  private let resultJournal: Journal?

  /// - Parameters:
  ///   - results: descriptor that takes the place of standard output.
  ///   - messages: descriptor that takes the place of standard error.
  ///   - terminal: the kind of terminal, by default `TERM` of the environment.
  ///   - noColor: by default `NO_COLOR` of the environment; see `Style`.
  ///   - journal: the journal, for those of the descriptors that `stream` names.
  ///   - stream: `JOURNAL_STREAM` of the environment.
  public init(
    isJSON: Bool = false, isDebug: Bool = false, results: Int32 = 1, messages: Int32 = 2, terminal: String? = nil,
    noColor: String? = nil, journal: Journal? = nil, stream: String? = nil
  ) {
    self.isJSON = isJSON
    self.isDebug = isDebug
    self.results = results
    self.messages = messages
    let terminal = terminal ?? getenv("TERM").map { String(cString: $0) } ?? ""
    messageJournal = Journal.isJournal(messages, stream: stream) ? journal : nil
    resultJournal = !isJSON && Journal.isJournal(results, stream: stream) ? journal : nil
    drawsProgress = isatty(messages) == 1 && terminal != "dumb" && !isJSON
    let noColor = noColor ?? getenv("NO_COLOR").map { String(cString: $0) }
    drawsColors = !isJSON && Self.isColored(results, terminal: terminal, noColor: noColor)
  }

  /// Names the node that everything from now on is about, unless it says otherwise.
  public func isAbout(host: String) { state.withLock { $0.host = host } }

  /// A line of text for people; nothing where JSON was asked for.
  public func line(_ text: String = "", about subject: Subject = Subject()) {
    if isJSON { return }
    if let resultJournal, !text.isEmpty, send(.information, text, subject, to: resultJournal) { return }
    write(text + "\n")
  }

  /// Like `line`, held back until there are many: for lists. `finish` writes the rest.
  public func row(_ text: String) {
    guard !isJSON else { return }
    state.withLock { state in
      state.held += text + "\n"
      if state.held.utf8.count > 1 << 15 { flush(&state) }
    }
  }

  /// One JSON object on a line, `type` first; nothing where text was asked for.
  public func event(_ type: String, _ members: [JSONValue.Member]) {
    guard isJSON else { return }
    write(JSONValue.object([.init("type", .string(type))] + members).text + "\n")
  }

  /// What has gone wrong, on standard error (with JSON: an event as well).
  public func error(_ message: String, hint: String? = nil, about subject: Subject = Subject()) {
    complain(.error, "error", message, hint, subject)
  }

  /// What is doubtful.
  public func warning(_ message: String, hint: String? = nil, about subject: Subject = Subject()) {
    complain(.warning, "warning", message, hint, subject)
  }

  /// A line about what goes on, on standard error; nothing where JSON was asked for.
  public func note(
    _ message: String, priority: JournalPriority = .information, about subject: Subject = Subject()
  ) {
    if !isJSON, !message.isEmpty { say(priority, message, subject) }
  }

  /// A detail for a maintainer, on standard error; shown with `--debug` alone. Never a secret.
  public func debug(_ message: @autoclosure () -> String) {
    if isDebug { say(.debug, "debug: \(message())", Subject()) }
  }

  /// Where modules below send their debug lines; nil without `--debug`.
  public var debugLog: (@Sendable (String) -> Void)? {
    guard isDebug else { return nil }
    return { [self] line in debug(line) }
  }

  private func complain(
    _ priority: JournalPriority, _ severity: String, _ message: String, _ hint: String?, _ subject: Subject
  ) {
    say(priority, "\(severity): \(message)" + (hint.map { "\nhint: \($0)" } ?? ""), subject)
    event(severity, [.init("message", .string(message))] + (hint.map { [.init("hint", .string($0))] } ?? []))
  }

  /// Draws `text` as the terminal's last line, in place of what stood there; empty to take it away.
  func status(_ text: String) {
    guard drawsProgress else { return }
    state.withLock { state in
      if text.isEmpty && !state.hasStatus { return }
      put("\r\u{1b}[K" + text, to: messages)
      state.hasStatus = !text.isEmpty
    }
  }

  /// Writes what is held back.
  /// - Returns: why standard output could not be written; nil where it could, or where its reader went away.
  public func finish() -> String? {
    status("")
    return state.withLock { state in
      flush(&state)
      guard let failure = state.failure, failure != .brokenPipe else { return nil }
      return "cannot write to standard output: \(failure.description.lowercased())"
    }
  }

  private func write(_ text: String) {
    state.withLock { state in
      clearStatus(&state)
      state.held += text
      flush(&state)
    }
  }

  private func say(_ priority: JournalPriority, _ text: String, _ subject: Subject) {
    if let messageJournal, send(priority, text, subject, to: messageJournal) { return }
    // Without its socket, the journal still knows a line's priority by its beginning (sd-daemon(3)).
    let prefix = messageJournal == nil ? "" : "<\(priority.rawValue)>"
    let lines = prefix.isEmpty ? text : text.split(separator: "\n").map { prefix + $0 }.joined(separator: "\n")
    state.withLock { state in
      clearStatus(&state)
      flush(&state)
      // There is nowhere to report that standard error itself cannot be written.
      put(lines + "\n", to: messages)
    }
  }

  /// - Returns: whether the journal took it.
  private func send(
    _ priority: JournalPriority, _ text: String, _ subject: Subject, to journal: Journal
  ) -> Bool {
    var subject = subject
    if subject.host == nil { subject.host = state.withLock { $0.host } }
    return journal.send(JournalEntry(priority, text, subject.fields))
  }

  private func clearStatus(_ state: inout State) {
    if state.hasStatus { put("\r\u{1b}[K", to: messages) }
    state.hasStatus = false
  }

  private func flush(_ state: inout State) {
    if !state.held.isEmpty, state.failure == nil { state.failure = put(state.held, to: results) }
    state.held = ""
  }

  @discardableResult
  private func put(_ text: String, to file: Int32) -> Errno? {
    do throws(FileError) {
      try FileContent.writeAll(Array(text.utf8), to: file, path: "standard output")
      return nil
    } catch {
      return error.errno
    }
  }
}
