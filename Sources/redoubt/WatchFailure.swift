public import CommandLineOutput
public import Watching

extension WatchError: CommandFailure {
  public var exitStatus: ExitStatus { .failed }
  public var message: String { description }
}
