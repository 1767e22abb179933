import ArgumentParser
import CommandLineOutput
import Files
import Policy

/// What `schedule cron` and `schedule systemd` share.
struct ScheduleOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The user who runs the backups.", valueName: "name"))
  var user = "redoubt"

  @Option(help: ArgumentHelp("The program that is run. (default: this one)", valueName: "file"))
  var program: String?

  func schedule(_ configuration: String, _ output: Output) throws -> Schedule {
    let path = try absolutePath(configuration)
    let node = try output.use(NodeConfiguration.inspect(path))
    return Schedule(of: node, path: path, program: try program.map(absolutePath) ?? programPath(), user: user)
  }
}

struct CronCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cron",
    abstract: "Print a file for /etc/cron.d that backs up what is due, and tells what is overdue.",
    discussion: ExitStatus.discussion())

  @OptionGroup var schedule: ScheduleOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let schedule = try schedule.schedule(file.config, output)
      output.row(schedule.crontab.dropLast().description)
      output.event("file", [.init("name", "redoubt"), .init("text", .string(schedule.crontab))])
      return CommandResult(summary: [.init("hours", JSONValue(schedule.hours))])
    }
  }
}

struct SystemdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "systemd",
    abstract: "Print systemd units that back up what is due.",
    discussion: ExitStatus.discussion(
      "A service and its timer; where a class is backed up after each change, also a path unit, and a service that watches."
    ))

  @Option(help: ArgumentHelp("Write the units into this folder, instead of printing them.", valueName: "folder"))
  var into: String?

  @OptionGroup var schedule: ScheduleOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let units = try schedule.schedule(file.config, output).systemdUnits
      for unit in units {
        if let into {
          let path = "\(try absolutePath(into))/\(unit.name)"
          try FileContent.write(Array(unit.text.utf8), to: path, mode: 0o644)
          output.line(path)
        } else {
          output.row("# \(unit.name)\n\(unit.text)")
        }
        output.event("file", [.init("name", .string(unit.name)), .init("text", .string(unit.text))])
      }
      return CommandResult(summary: [.init("files", JSONValue(units.count))])
    }
  }
}
