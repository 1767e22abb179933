import ArgumentParser
import Backup
import CommandLineOutput
import Files
import Policy
import Storage
import Watching

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow sets, and back up each one when it has changed and become quiet.",
    discussion: ExitStatus.discussion(
      "Runs until SIGINT or SIGTERM, and then ends with 0. Each set is backed up once at the start, after its changes, and "
        + "once a day at least."))

  @Argument(
    help: ArgumentHelp(
      "Names of sets; where none is named, those whose class is backed up after each change.", valueName: "set"))
  var sets: [String] = []

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let report = NodeConfiguration.inspect(try absolutePath(file.config))
      try ServiceUser.become(ownerOf: report, keeping: .reading)
      let node = try output.use(report)
      let targets = try watchedSets(node).map { set in
        let filter = try SourceFilter(set, of: node)
        return WatchTarget(
          name: set.name, paths: set.paths,
          filter: WatchFilter(
            staysOnFileSystem: set.oneFileSystem, excludes: { filter.excludes($0, $1, isDirectory: $2) },
            excludesContent: { filter.excludesContent(of: $0) }))
      }
      let owner = try Wakeup()
      Signals.wake(owner.descriptor)
      defer { Signals.wake(-1) }
      let reporter = WatchReporter(output, targets)
      let rules = ChangeSchedule.Rules(
        quiet: Double(node.watch.quiet), longestWait: Double(node.watch.longestWait))
      let service = WatchService(
        targets, rules: rules, owner: owner,
        notifier: ServiceNotifier(environment: ProcessEnvironment.current()),
        isCancelled: { Signals.cancellation.isCancelled }, observe: { reporter.take($0) })
      var runs = 0
      try service.run { target in
        runs += 1
        return backUp(target.name, node, output, reporter)
      }
      return CommandResult(summary: [.init("sets", JSONValue(targets.count)), .init("runs", JSONValue(runs))])
    }
  }

  private func watchedSets(_ node: NodeConfiguration) throws -> [SetConfiguration] {
    if let unknown = sets.first(where: { name in !node.sets.contains { $0.name == name } }) {
      throw BackupError(
        .configuration, "there is no set named \(unknown)",
        hint: "the configuration has \(node.sets.map(\.name).joined(separator: ", "))")
    }
    let chosen = node.sets.filter { set in
      sets.isEmpty
        ? node.frequencies[set.dataClass]?.frequency == .afterEachChange : sets.contains(set.name)
    }
    guard !chosen.isEmpty else {
      throw BackupError(
        .configuration, "no set is of a class that is backed up after each change",
        hint: "name the sets to watch: redoubt watch \(node.sets.map(\.name).joined(separator: " "))")
    }
    return chosen
  }

  private func backUp(
    _ set: String, _ node: NodeConfiguration, _ output: Output, _ reporter: WatchReporter
  ) -> ChangeSchedule.Ending {
    let report = BackupReporter(output)
    let alerts = NodeAlerts(node, command: "watch", output)
    defer { report.finish() }
    do {
      let access = StorageAccess(cancellation: Signals.cancellation, log: output.debugLog)
      var writers: [String: any ObjectWriter] = [:]
      for destination in node.destinations { writers[destination.name] = try access.writer(destination) }
      let engine = BackupEngine(
        configuration: node, writers: writers,
        environment: RunEnvironment(
          isCancelled: { Signals.cancellation.isCancelled },
          observe: { event in
            // Not before: a run that waits for another one has not begun.
            if case .setStarted = event { alerts.begin() }
            report.take(event)
            alerts.take(event)
          }))
      let outcomes = try engine.run(sets: [set])
      reporter.hasBegun(set)
      alerts.end(ExitStatus(outcomes))
      return ChangeSchedule.Ending(outcomes)
    } catch let error as BackupError {
      if error.code == .locked {
        reporter.isWaiting(set)
        return .busy
      }
      // The loop ends by itself where a signal asked to stop.
      if error.code != .cancelled { output.error("\(set): \(error.message)", hint: error.hint) }
      alerts.end(.failed, error)
    } catch {
      output.error("\(set): \(error)")
      alerts.end(.failed, error)
    }
    return .failed
  }
}

extension ChangeSchedule.Ending {
  /// A file that cannot be read will not become readable by another try; a destination may come back.
  init(_ outcomes: [SetOutcome]) {
    if outcomes.contains(where: { $0.status == .failed && !$0.isCatchingUp }) {
      self = .failed
    } else if outcomes.contains(where: { $0.destinations.contains { !$0.stored && $0.skipped == nil } }) {
      self = .partial
    } else {
      self = .done
    }
  }
}
