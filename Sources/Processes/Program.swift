/// A program to run without a shell, and the bounds it is run in.
public struct Program: Sendable, Equatable {
  /// The program (a path, or a name that is looked for on `PATH`) and its arguments; one word at least.
  public var words: [String]
  /// Variables added to, or replaced in, those of this process; nil as a value removes one.
  public var variables: [String: String?]
  /// Whether it gets this process's variables at all.
  public var inheritsEnvironment = true
  /// Its working directory; this process's own where nil.
  public var folder: String?
  /// Seconds; then it is ended. nil: as long as it takes.
  public var timeout: Double?
  /// Bytes of standard output that `run` keeps; the rest is read and dropped. `stream` hands on everything.
  public var outputLimit = 1 << 20
  /// Bytes of standard error that are kept: the last ones.
  public var errorLimit = 1 << 14
  /// Seconds between SIGTERM and SIGKILL, and between the program's own end and that of what it left running with our
  /// pipes open.
  public var grace = 5.0

  public init(_ words: [String], variables: [String: String?] = [:], folder: String? = nil, timeout: Double? = nil) {
    self.words = words
    self.variables = variables
    self.folder = folder
    self.timeout = timeout
  }

  /// The program's name for messages: without its folders and its arguments, which may hold secrets.
  public var name: String { words.first?.split(separator: "/").last.map(String.init) ?? "" }

  /// Where the program is: its own path, or the first of that name on `PATH`. Nil where there is none.
  public var location: String? { ChildProcess.locate(self) }
}

/// How a program ended, and what it said.
public struct ProgramOutcome: Sendable, Equatable {
  public enum Ending: Sendable, Equatable {
    /// With this code.
    case exited(Int32)
    /// By this signal, sent by another.
    case signalled(Int32)
    /// By us: it took longer than its timeout (seconds).
    case timedOut(Double)
    /// By us: we were asked to stop.
    case cancelled
  }
  public var ending: Ending
  /// Standard output, as much as `Program.outputLimit` allows.
  public var output: [UInt8] = []
  /// Whether there was more of it: beyond `Program.outputLimit`, or from others that the program had left running with
  /// its output open, and that were ended.
  public var isOutputCut = false
  /// The end of standard error.
  public var errors: [UInt8] = []

  public var succeeded: Bool { ending == .exited(0) }

  /// How it ended: `exited with code 3`.
  public var description: String {
    switch ending {
    case .exited(let code): "exited with code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .timedOut(let seconds): "did not end within \(Int(seconds)) s and was stopped"
    case .cancelled: "was stopped"
    }
  }

  /// The last line of standard error that says something, without control characters; for messages.
  public var lastComplaint: String {
    let text = String(decoding: errors, as: UTF8.self)
    let last = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) } ?? ""
    let printable = String(last.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.map(Character.init))
    return String(printable.prefix(300))
  }
}

/// Why a program could not be run at all.
public struct ProgramError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// There is no such program.
    case notFound
    /// It is there and cannot be started (rights, format), or there are no pipes or processes to be had.
    case notStarted
  }
  public let code: Code
  /// The program.
  public let subject: String
  public let reason: String

  init(_ code: Code, _ subject: String, _ reason: String) {
    self.code = code
    self.subject = subject
    self.reason = reason
  }

  public var description: String { "cannot run \(subject): \(reason)" }
}
