internal import Archive
internal import Policy
internal import Repository

/// Something of a set that is no file of the tree until it is made one: a program's output, a copy of a database.
struct ExtraSource {
  enum Content {
    /// It lies ready.
    case spooled(SourceFile)
    /// It comes as the program runs: how much, nobody knows before.
    case streamed(DumpCommand)
  }
  /// As it shall be in the snapshot, without size and digest.
  var entry: Entry
  var content: Content
  /// Files of the tree that are left out because of it.
  var sideFiles: [[UInt8]] = []
  /// Whether a file of the tree at its own path is the same thing, so that nobody misses that.
  var standsForFile = false
}

extension SetConfiguration {
  /// What the set backs up, for its snapshots' descriptions.
  var sourcePaths: [String] { paths + sqlite + (command.isEmpty ? [] : [commandPath]) }

  /// What a run over it would start, for people: without arguments, which may hold secrets.
  var programs: [String] {
    var all: [String] = []
    if let program = before.first { all.append("before: \(program)") }
    if let program = command.first { all.append("command: \(program), and store its output as \(commandPath)") }
    if let program = after.first { all.append("after: \(program)") }
    return all
  }
}
