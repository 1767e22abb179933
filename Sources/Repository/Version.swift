/// The version of both programs, as `--version` prints it and snapshots record it.
public let redoubtVersion = "0.1.0"
