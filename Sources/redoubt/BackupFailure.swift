public import Backup
public import CommandLineOutput

extension BackupError: CommandFailure {
  public var exitStatus: ExitStatus {
    switch code {
    case .locked: .locked
    case .configuration: .configuration
    case .state, .cancelled, .failed: .failed
    }
  }
  public var message: String { reason }
}
