import ArgumentParser
import CommandLineOutput
import Repository

@main
struct Redoubt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redoubt",
    abstract: "Back up this machine's keys, configurations and data, encrypted for a keeper who proves every copy.",
    discussion: ExitStatus.discussion(
      "This program can add to storage and nothing else: it can open, list and delete no backup.",
      also: ExitStatus.allCases),
    version: redoubtVersion,
    subcommands: [
      InitCommand.self, CheckCommand.self, BackupCommand.self, WatchCommand.self, StatusCommand.self,
      ScheduleCommand.self,
    ])
}
