import ArgumentParser

/// Which of all snapshots a command is about; without any option, all that the configuration knows.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A node's name; may be repeated. (default: all)", valueName: "name"))
  var host: [String] = []

  @Option(help: ArgumentHelp("A set's name; may be repeated. (default: all)", valueName: "name"))
  var set: [String] = []

  @Option(help: ArgumentHelp("A destination's name; may be repeated. (default: all)", valueName: "name"))
  var destination: [String] = []
}
