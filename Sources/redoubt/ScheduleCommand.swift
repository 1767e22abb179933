import ArgumentParser
import CommandLineOutput
import Policy

struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Print what makes other programs do their part in time.",
    discussion: ExitStatus.discussion(),
    subcommands: [CronCommand.self, SystemdCommand.self, LifecycleCommand.self])
}

struct LifecycleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifecycle",
    abstract: "Print the lifecycle configuration of a bucket whose objects expire by themselves.",
    discussion: ExitStatus.discussion(
      "It replaces all rules that the bucket has. It is JSON as 'aws s3api put-bucket-lifecycle-configuration' takes it "
        + "after '--lifecycle-configuration file://'."))

  @Option(
    help: ArgumentHelp("A destination in the bucket; needed where there are several buckets.", valueName: "name"))
  var destination: String?

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let node = try output.use(NodeConfiguration.inspect(try absolutePath(file.config)))
      let lifecycle = try chosen(BucketLifecycle.all(of: node))
      output.line(lifecycle.configuration.indentedText)
      output.event(
        "lifecycle",
        [
          .init("bucket", .string(lifecycle.bucket)), .init("destinations", JSONValue(lifecycle.destinations)),
          .init("configuration", lifecycle.configuration),
        ])
      return CommandResult(summary: [.init("rules", JSONValue(lifecycle.rules.count))])
    }
  }

  private func chosen(_ all: [BucketLifecycle]) throws -> BucketLifecycle {
    if let destination {
      if let lifecycle = all.first(where: { $0.destinations.contains(destination) }) { return lifecycle }
      throw ScheduleError(
        message: "there is no destination named '\(destination)' with expiry = \"lifecycle\"",
        hint: all.isEmpty ? nil : "there are \(names(all))")
    }
    guard let first = all.first else {
      throw ScheduleError(message: "no destination has expiry = \"lifecycle\"", hint: nil)
    }
    guard all.count == 1 else {
      throw ScheduleError(
        message: "\(all.count) buckets expire by themselves", hint: "name one by --destination: \(names(all))")
    }
    return first
  }

  private func names(_ all: [BucketLifecycle]) -> String { all.flatMap(\.destinations).joined(separator: ", ") }
}

/// The configuration does not have what was asked for.
struct ScheduleError: CommandFailure {
  var message: String
  var hint: String?
  var exitStatus: CommandLineOutput.ExitStatus { .configuration }
}

extension BucketLifecycle {
  /// As S3's PutBucketLifecycleConfiguration takes it, in the AWS tools' JSON.
  ///
  /// Buckets with object lock keep versions: `Expiration` hides an object behind a marker, a day later
  /// `NoncurrentVersionExpiration` deletes what is hidden (never before its lock ends), and `ExpiredObjectDeleteMarker`
  /// the marker that is left. The last has a rule of its own because S3 does not take it beside `Days`.
  var configuration: JSONValue {
    .object([.init("Rules", .array(rules.flatMap { [$0.expiration, $0.markers] }))])
  }
}

extension BucketLifecycle.Rule {
  fileprivate var expiration: JSONValue {
    rule(
      id,
      [
        .init("Expiration", ["Days": JSONValue(days)]),
        .init("NoncurrentVersionExpiration", ["NoncurrentDays": 1]),
        .init("AbortIncompleteMultipartUpload", ["DaysAfterInitiation": 7]),
      ])
  }

  fileprivate var markers: JSONValue {
    rule("\(id)/markers", [.init("Expiration", ["ExpiredObjectDeleteMarker": true])])
  }

  private func rule(_ id: String, _ actions: [JSONValue.Member]) -> JSONValue {
    .object(
      [.init("ID", .string(id)), .init("Status", "Enabled"), .init("Filter", ["Prefix": .string(prefix)])] + actions)
  }
}
