public import CommandLineOutput
public import Verify

extension VerifyError: CommandFailure {
  public var exitStatus: ExitStatus {
    switch code {
    case .locked: .locked
    case .damaged: .damaged
    case .notFound, .state, .keys, .storage, .target, .cancelled: .failed
    }
  }
  public var message: String { reason }
}
