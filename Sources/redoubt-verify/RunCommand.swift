import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Repository
import Verify

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Prove what the frequency table makes due, at every destination: the keeper's monthly command.",
    discussion: ExitStatus.discussion(
      "Looks at the nodes' catalogs, shows by a self-test that it would notice damage, rehearses the restores that are "
        + "due, and verifies what was not proven within its class's interval, the oldest proofs first. Each volume is "
        + "fetched once. What a run could not do is said in figures, and is the first that the next one does.",
      also: [.damaged, .overdue, .locked]))

  @Option(
    help: ArgumentHelp(
      "How much is proven: present, intact or readable; restored is what drills prove.", valueName: "level"))
  var level = VerificationLevel.readable

  @Option(help: ArgumentHelp("Fetch no more than this, '50GB'. (default: whatever is due)", valueName: "size"))
  var budget: SizeArgument?

  @Option(help: ArgumentHelp("End after this time, '2h'; what was proven is recorded.", valueName: "time"))
  var maxTime: TimeArgument?

  @Option(
    help: ArgumentHelp("Prove this share of what is not due as well, '5%', chosen at random.", valueName: "percent"))
  var sample: PercentArgument?

  @Option(
    help: ArgumentHelp(
      "Do one worker's part of the sets, '3/16'; it has a lock and a catalog of its own below the state folder.",
      valueName: "n/of"))
  var shard: Shard?

  @Flag(help: "Leave restores that are due unrehearsed.")
  var noDrills = false

  @Flag(help: "Say what is due and would be done, and fetch nothing but catalogs.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "The folder for copies and for rehearsed restores. (default: below the state folder; restores as 'drill' does)",
      valueName: "folder"))
  var scratch: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard level < .restored else { throw ValidationError("--level restored is what drills prove: see 'drill'") }
  }

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "run", output) { try run(output, $0) }
    }
  }

  private func run(_ output: Output, _ alerts: KeeperAlerts) throws -> CommandResult {
    let progress = Progress(output)
    defer { progress.finish() }
    let (keeper, configuration) = try Keeper.session(file, output, progress)
    let folder = try scratch.map { try absolutePath($0) } ?? "\(configuration.state)/scratch"
    if scratch == nil { try Paths.makeFolders(folder) }
    var request = RunRequest(scratch: folder)
    request.selection = selection.selection(.latest)
    request.level = level
    request.budget = budget?.bytes
    request.maximumTime = maxTime?.seconds
    request.sample = sample?.share ?? 0
    request.shard = shard
    request.drills = !noDrills
    request.drillScratch = try scratch.map { try absolutePath($0) }
    let report = try dryRun ? keeper.planRun(request) : keeper.run(request)
    progress.finish()
    let screen = RunScreen(report, now: .now())
    screen.showPlan(output)
    if !dryRun { screen.showResults(output) }
    screen.showConcerns(output)
    for finding in screen.catalogFindings { alerts.take(finding: finding) }
    alerts.take(report.verifications)
    alerts.take(report.drills.map(\.drill))
    if let overview = report.overview { alerts.take(overview) }
    return CommandResult(dryRun ? screen.catalogStatus : screen.status, summary: screen.summary)
  }
}
