internal import Archive
internal import Files
internal import Glibc
internal import Policy
internal import Processes

/// A program whose standard output is backed up as a file.
///
/// There is no half dump: whatever is wrong with the program's end is thrown, and ends the run over the set.
struct DumpCommand {
  let program: Program
  /// The output's path in the snapshot, absolute.
  let path: String

  /// - Returns: nil where the set has none.
  init?(_ set: SetConfiguration) {
    guard !set.command.isEmpty else { return nil }
    program = Program(set.command, timeout: Double(set.commandTimeout))
    path = set.commandPath
  }

  /// A file that the user who runs the backup alone may read.
  func entry(at time: Timestamp) -> Entry {
    let (owner, group, names) = (geteuid(), getegid(), OwnerNames())
    return Entry(
      path: Array(path.utf8.dropFirst()), kind: .file, mode: 0o600, owner: owner, group: group,
      ownerName: names.user(owner), groupName: names.group(group), modified: time)
  }

  /// Runs the program to its end.
  /// - Parameter consume: takes the output as it comes; what it throws ends the program.
  /// - Throws: `BackupError` where the program cannot be started, fails, is ended, takes too long or writes nothing.
  func run(isCancelled: () -> Bool, into consume: (UnsafeRawBufferPointer) throws -> Void) throws {
    var length: UInt64 = 0
    let outcome: ProgramOutcome
    do {
      outcome = try program.stream(isCancelled: isCancelled) {
        length += UInt64($0.count)
        try consume($0)
      }
    } catch let error as ProgramError {
      throw BackupError(.failed, "command: \(error)", hint: "install it, or write its whole path into command")
    }
    if outcome.ending == .cancelled { throw BackupError(.cancelled, "stopped by a signal") }
    guard outcome.succeeded else {
      throw BackupError(.failed, "command: \(outcome.message(program)); nothing of its output counts")
    }
    guard !outcome.isOutputCut else {
      throw BackupError(
        .failed, "command: \(program.name) ended while others that it had started still wrote",
        hint: "let it wait for them")
    }
    guard length > 0 else {
      throw BackupError(
        .failed, "command: \(program.name) exited with code 0 and wrote nothing\(outcome.complaint)",
        hint: "a dump of nothing is taken for a mistake")
    }
  }
}

extension ProgramOutcome {
  /// `pg_dump exited with code 1: the last line of its standard error`.
  func message(_ program: Program) -> String { "\(program.name) \(description)\(complaint)" }

  var complaint: String { lastComplaint.isEmpty ? "" : ": \(lastComplaint)" }
}
