import ArgumentParser
import CommandLineOutput
import Policy
import Storage
import Verify

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Delete the snapshots that the configuration's [keep] table does not keep, and what only they needed.",
    discussion: ExitStatus.discussion(
      "Shows what would go, and why the rest stays; deletes with --yes alone. Nothing of a set is deleted while its newest "
        + "snapshot has not been verified readable, while the node's catalog has gaps, or while a manifest is damaged.",
      also: [.locked]))

  @Flag(help: "Delete; without it nothing is.")
  var yes = false

  @Flag(help: "Delete although the newest snapshot was not verified readable.")
  var unverified = false

  @Flag(help: "Delete although segments of the node's catalog are missing.")
  var despiteGaps = false

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let progress = Progress(output)
      defer { progress.finish() }
      let (keeper, configuration) = try Keeper.session(file, output, progress)
      var pruneOptions = PruneOptions()
      pruneOptions.allowsUnverified = unverified
      pruneOptions.allowsCatalogGaps = despiteGaps
      let plans = try keeper.planPrune(selection.selection(.all), options: pruneOptions)
      for plan in plans { show(plan, output) }
      var deleted: UInt64 = 0
      if yes {
        let access = StorageAccess(cancellation: Signals.cancellation, log: output.debugLog)
        var removers: [String: any ObjectRemover] = [:]
        for destination in configuration.destinations
        where plans.contains(where: { $0.destination == destination.name }) {
          removers[destination.name] = try access.remover(destination)
        }
        deleted = try keeper.prune(plans, removers: removers).reduce(0) { $0 + $1.bytes }
      } else if plans.contains(where: { $0.refusals.isEmpty && !$0.objects.isEmpty }) {
        output.line("nothing was deleted; --yes deletes")
      }
      return CommandResult(
        plans.contains { !$0.refusals.isEmpty } ? .failed : .done,
        summary: [
          .init("sets", JSONValue(plans.count)),
          .init("refused", JSONValue(plans.count { !$0.refusals.isEmpty })),
          .init("deletable-bytes", JSONValue(plans.reduce(0) { $0 + $1.bytes })),
          .init("deleted-bytes", JSONValue(deleted)),
        ])
    }
  }

  private func show(_ plan: PrunePlan, _ output: Output) {
    let place = "\(plan.host)/\(plan.set) at \(plan.destination)"
    output.line(
      "\(place): keeps \(plan.kept.count) snapshots; \(plan.dropped.count) go, with \(plan.objects.count) objects, "
        + "\(Amount.bytes(plan.bytes))")
    for (snapshot, reasons) in plan.kept { output.line("  keep \(snapshot)  (\(reasons.joined(separator: ", ")))") }
    for snapshot in plan.dropped { output.line("  drop \(snapshot)  (no rule keeps it)") }
    for refusal in plan.refusals {
      output.error(
        "\(place): nothing may be deleted: \(refusal)",
        hint: "verify the newest snapshot, and see what is wrong; --unverified and --despite-gaps delete all the same")
    }
    output.event(
      "prune-plan",
      [
        .init("host", .string(plan.host)), .init("set", .string(plan.set)),
        .init("destination", .string(plan.destination)),
        .init("kept", .array(plan.kept.map { .string($0.snapshot.description) })),
        .init("dropped", .array(plan.dropped.map { .string($0.description) })),
        .init("objects", JSONValue(plan.objects.count)), .init("bytes", JSONValue(plan.bytes)),
        .init("refusals", .array(plan.refusals.map { .string($0) })),
      ])
  }
}
