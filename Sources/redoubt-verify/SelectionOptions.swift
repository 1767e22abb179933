import ArgumentParser
import Verify

/// Which of all snapshots a command is about; without any option, all that the configuration knows.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A node's name; may be repeated. (default: all)", valueName: "name"))
  var host: [String] = []

  @Option(help: ArgumentHelp("A set's name; may be repeated. (default: all)", valueName: "name"))
  var set: [String] = []

  @Option(help: ArgumentHelp("A destination's name; may be repeated. (default: all)", valueName: "name"))
  var destination: [String] = []

  func selection(_ snapshots: SnapshotSelection.Snapshots) -> SnapshotSelection {
    SnapshotSelection(hosts: host, sets: set, destinations: destination, snapshots: snapshots)
  }
}

extension SnapshotSelection.Snapshots {
  /// The one snapshot that a person names.
  static func single(_ text: String) throws -> Self {
    guard let snapshots = Self(text), snapshots != .all else {
      throw VerifyError(
        .notFound, "'\(text)' is no snapshot's id", hint: "'latest', or an id as redoubt-verify list shows it")
    }
    return snapshots
  }
}
