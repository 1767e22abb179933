import CommandLineOutput
import Policy
import Storage
import Verify

extension Keeper {
  /// The keeper of a configuration file, telling what goes on to `output`.
  static func open(_ file: ConfigurationOption, _ output: Output, _ progress: Progress) throws -> Keeper {
    try session(file, output, progress).keeper
  }

  /// The same, with its configuration.
  static func session(
    _ file: ConfigurationOption, _ output: Output, _ progress: Progress
  ) throws -> (keeper: Keeper, configuration: KeeperConfiguration) {
    let configuration = try output.use(KeeperConfiguration.inspect(try absolutePath(file.config)))
    let access = StorageAccess(cancellation: Signals.cancellation, log: output.debugLog)
    var readers: [String: any ObjectReader] = [:]
    for destination in configuration.destinations { readers[destination.name] = try access.reader(destination) }
    let reporter = VerifyReporter(output, progress)
    let keeper = Keeper(
      configuration: configuration, readers: readers,
      environment: KeeperEnvironment(
        isCancelled: { Signals.cancellation.isCancelled }, observe: { reporter.take($0) }))
    return (keeper, configuration)
  }
}
