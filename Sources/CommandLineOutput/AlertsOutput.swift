public import Alerts

extension Output {
  /// Whom alerts could not reach becomes a warning; the exit code stays what it is.
  public func alertsEnvironment(_ program: String) -> AlertsEnvironment {
    var environment = AlertsEnvironment(
      warn: { [self] error in warning("nobody was told by \(error)", hint: error.hint) }, log: debugLog)
    environment.userAgent = program
    return environment
  }

  /// Shows an error as a command's end, and says how the command ends with it.
  public func show(_ error: any Error) -> CommandResult {
    debug(String(reflecting: error))
    let report = ErrorReport(error)
    for message in report.messages { show(message) }
    return CommandResult(report.status)
  }
}
