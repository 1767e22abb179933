import ArgumentParser
import Policy

/// `--config`.
struct ConfigurationOption: ParsableArguments {
  @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
  var config = KeeperConfiguration.defaultPath
}
