internal import Files
internal import Policy
internal import Processes

/// The programs that run before a set is read and after all is done.
final class SetHooks {
  private let set: SetConfiguration
  private let host: String
  private let environment: RunEnvironment

  init(_ set: SetConfiguration, host: String, _ environment: RunEnvironment) {
    self.set = set
    self.host = host
    self.environment = environment
  }

  /// - Throws: `BackupError` where the program does not exit with code 0 in time, or a signal asked to stop.
  func runBefore(_ snapshot: String) throws(BackupError) {
    guard !set.before.isEmpty else { return }
    let outcome = try run(set.before, "before", ["REDOUBT_SNAPSHOT": snapshot], isCancelled: environment.isCancelled)
    if outcome.ending == .cancelled { throw BackupError(.cancelled, "stopped by a signal") }
    guard outcome.succeeded else {
      throw BackupError(.failed, "before: \(outcome.message(Program(set.before))); nothing was read")
    }
  }

  /// Runs also where a signal asked to stop; then for `hookGrace` at most.
  /// - Returns: why it failed; nil where it did not, or where there is none.
  func runAfter(_ result: SetOutcome) -> BackupError? {
    guard !set.after.isEmpty else { return nil }
    let variables = [
      "REDOUBT_SNAPSHOT": "\(result.snapshot)", "REDOUBT_OUTCOME": result.status.rawValue,
      "REDOUBT_REASON": result.reason ?? "", "REDOUBT_BYTES": "\(result.bytes)",
      "REDOUBT_STORED_BYTES": "\(result.storedBytes)", "REDOUBT_FINDINGS": "\(result.findings.count)",
    ]
    var cancelled: ContinuousClock.Instant?
    let isPatienceOver = { [environment] in
      guard environment.isCancelled() else { return false }
      let since = cancelled ?? .now
      cancelled = since
      return .now - since > .seconds(environment.hookGrace)
    }
    do throws(BackupError) {
      let outcome = try run(set.after, "after", variables, isCancelled: isPatienceOver)
      return outcome.succeeded ? nil : BackupError(.failed, "after: \(outcome.message(Program(set.after)))")
    } catch {
      return error
    }
  }

  private func run(
    _ words: [String], _ key: String, _ variables: [String: String], isCancelled: () -> Bool
  ) throws(BackupError) -> ProgramOutcome {
    var program = Program(words, variables: variables, timeout: Double(set.hookTimeout))
    program.variables["REDOUBT_SET"] = .some(set.name)
    program.variables["REDOUBT_HOST"] = .some(host)
    do throws(ProgramError) { return try program.run(isCancelled: isCancelled) } catch {
      throw BackupError(.failed, "\(key): \(error)", hint: "install it, or write its whole path into \(key)")
    }
  }
}
