/// Reads what a set has beside paths: programs to run, databases to copy.
extension SetReader {
  func readPrograms(_ set: inout SetConfiguration) {
    if let words = reader.words(.command) { set.command = words }
    readCommandName(&set)
    if let seconds = reader.seconds(.commandTimeout, in: Self.timeouts) { set.commandTimeout = seconds }
    if let words = reader.words(.before) { set.before = words }
    if let words = reader.words(.after) { set.after = words }
    if let seconds = reader.seconds(.hookTimeout, in: Self.timeouts) { set.hookTimeout = seconds }
    for key in [SetKey.commandName, .commandTimeout] where reader.has(key) && !reader.has(.command) {
      reader.report(key, "means something with command alone", hint: "remove it, or set command")
    }
    if reader.has(.hookTimeout), !reader.has(.before), !reader.has(.after) {
      reader.report(.hookTimeout, "means something with before or after alone", hint: "remove it")
    }
    set.sqlite = databases()
    if !set.command.isEmpty, set.sqlite.contains(set.commandPath) {
      reader.report(
        .sqlite, "'\(set.commandPath)' is where snapshots have the command's output",
        hint: "choose another command-name")
    }
  }

  private static var timeouts: ClosedRange<Int64> { 1...30 * 86400 }

  private func readCommandName(_ set: inout SetConfiguration) {
    if let name = reader.string(.commandName) {
      let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "/" }
      if !isPlain || name == "." || name == ".." || name.utf8.count > 255 {
        reader.report(
          .commandName, "'\(name.filter(\.isASCII))' is no file name", hint: "command-name = \"database.sql\"")
      } else {
        set.commandName = name
      }
    }
    if !set.command.isEmpty, let path = set.paths.first(where: { ConfigurationRules.isInside($0, set.commandPath) }) {
      reader.report(
        .paths, "'\(path)' is where snapshots have the command's output", hint: "choose another command-name")
    }
  }

  private func databases() -> [String] {
    let example = "sqlite = [\"/var/lib/app/app.db\"]"
    guard let texts = reader.strings(.sqlite, ifEmpty: ("has no path in it", example)) else { return [] }
    var paths: [String] = []
    for text in texts {
      if let problem = ConfigurationRules.pathProblem(text) {
        reader.report(.sqlite, problem)
        continue
      }
      let path = ConfigurationRules.normalized(text)
      if paths.contains(path) { reader.report(.sqlite, "'\(text)' is there twice") } else { paths.append(path) }
    }
    return paths
  }
}
