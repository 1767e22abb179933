import CommandLineOutput
import Files
import Policy
import Storage
import Verify

extension Keeper {
  /// The keeper of a configuration file, telling what goes on to `output`.
  ///
  /// Where root runs this and the state folder is another user's, it is that user from now on.
  /// - Parameter rights: what is kept of root's, so that root's own files and folders can be written and restored ones get
  ///   their owners. What runs operators' checks keeps less, by `KeeperAlerts` already.
  static func open(
    _ file: ConfigurationOption, _ output: Output, _ progress: Progress,
    keeping rights: ServiceUser.Rights = .everything
  ) throws -> Keeper {
    try session(file, output, progress, keeping: rights).keeper
  }

  /// The same, with its configuration.
  static func session(
    _ file: ConfigurationOption, _ output: Output, _ progress: Progress,
    keeping rights: ServiceUser.Rights = .everything
  ) throws -> (keeper: Keeper, configuration: KeeperConfiguration) {
    let report = KeeperConfiguration.inspect(try absolutePath(file.config))
    try ServiceUser.become(ownerOf: report, keeping: rights)
    let configuration = try output.use(report)
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

extension ServiceUser {
  /// Becomes the owner of a configuration's state folder, as far as the configuration names one.
  static func become(
    ownerOf report: ConfigurationReport<KeeperConfiguration>, keeping rights: Rights
  ) throws(FileError) {
    guard let state = report.configuration?.state, !state.isEmpty else { return }
    try become(ownerOf: state, keeping: rights)
  }
}
