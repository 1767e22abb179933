import ArgumentParser
import CommandLineOutput

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write down what was proven, for others to read.",
    discussion: ExitStatus.discussion(
      "A page of HTML shows all sets at a glance: what needs somebody, calendars of backups and proofs, freshness, drills, "
        + "stored bytes. Its exit code is that of 'status'. A statement tells a client what was restored of one set, when, "
        + "from which snapshot, with which digests, and what was not proven; it is signed with the keeper's key, and "
        + "gpg --verify checks it. Storage is not asked.", also: [.damaged, .overdue]))

  @Option(help: ArgumentHelp("Write the page to this file, in place of an earlier one.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Make the signed statement of this set.", valueName: "set"))
  var statement: String?

  @Option(
    help: ArgumentHelp(
      "A node's name; for a page it may be repeated (default: all), for a statement it tells sets of one name apart.",
      valueName: "name"))
  var host: [String] = []

  @Option(
    help: ArgumentHelp("With --html: a set's name; may be repeated. (default: all)", valueName: "name"))
  var set: [String] = []

  @Option(help: ArgumentHelp("With --html: how many weeks the calendars go back, 1 to 53.", valueName: "number"))
  var weeks = 13

  @Flag(help: "With --html: replace the file even if it is no page of this program.")
  var force = false

  @Option(
    help: ArgumentHelp("With --statement: the file for it. (default: standard output)", valueName: "file"))
  var output: String?

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard (html == nil) != (statement == nil) else {
      throw ValidationError("give one of --html and --statement")
    }
    guard (1...53).contains(weeks) else { throw ValidationError("--weeks must be from 1 to 53, but is \(weeks)") }
    if statement != nil, !set.isEmpty || force || host.count > 1 {
      throw ValidationError("--statement is of one set of one node; --set and --force belong to --html")
    }
    if html != nil, output != nil { throw ValidationError("--output belongs to --statement; --html names its file") }
  }

  func run() throws {
    try options.run { output in
      if let html {
        let page = PageOutput(file: html, hosts: host, sets: set, weeks: weeks, replacesAnything: force)
        return try page.run(file, output)
      }
      return try StatementOutput(set: statement ?? "", host: host.first, file: self.output).run(file, output)
    }
  }
}
