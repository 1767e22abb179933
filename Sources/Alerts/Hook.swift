internal import Processes

/// A program of the operator's that is told by standard input.
struct Hook {
  /// The key of the configuration.
  let key: String
  let words: [String]
  let variables: [String: String?]
  let log: (@Sendable (String) -> Void)?

  /// - Parameter timeout: seconds; the program and what it started in its group are ended then.
  func run(_ document: [UInt8], timeout: Double) throws(AlertError) {
    var program = Program(words, variables: variables, timeout: timeout)
    program.grace = 1
    program.outputLimit = 0
    log?("\(key): running \(program.name)")
    let outcome: ProgramOutcome
    do throws(ProgramError) { outcome = try program.run(input: document) } catch {
      throw AlertError(.command, key, "\(error)", isTransient: error.code == .notStarted)
    }
    guard !outcome.succeeded else { return }
    let complaint = outcome.lastComplaint
    throw AlertError(
      .command, key, "\(program.name) \(outcome.description)" + (complaint.isEmpty ? "" : ": \(complaint)"),
      isTransient: true)
  }
}
