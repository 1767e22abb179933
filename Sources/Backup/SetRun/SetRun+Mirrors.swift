internal import Files
internal import Policy
internal import Repository
internal import Storage

// Destinations that take the files as they are.
extension SetRun {
  /// Brings the files to the destinations that take them as they are.
  func mirrorTree() throws -> SetMirror? {
    guard !mirrors.isEmpty else { return nil }
    // Nothing may stand there unencrypted that holds a secret of any kind, whatever the set allows elsewhere.
    var strict = set
    (strict.secrets, strict.secretsAllow) = (.refuse, [])
    let secrets = try SecretGuard(strict, never: configuration.never) { _ in }
    let mirror = SetMirror(
      set, mirrors: mirrors,
      inspect: { path, content in try content.withUnsafeBytes { try secrets.check($0, of: path) } },
      // Told, and counted, by the mirror alone where there is nothing else.
      report: lanes.isEmpty ? reportFinding : { [set] in if $0.code == .unsupported { self.tell(set, $0) } },
      progress: lanes.isEmpty
        ? progressReporter()
        : { [environment] _ in
          if environment.isCancelled() { throw BackupError(.cancelled, "stopped by a signal") }
        })
    let title = "snapshot \(configuration.host)/\(set.name)/\(snapshot)"
    try mirror.run(folder: "\(configuration.host)/\(set.name)", title: title) { [self] name, error in
      environment.observe(.destinationFailed(set: set.name, destination: name, error))
    }
    for (name, mirror) in mirrors {
      for notice in mirror.takeNotices() { environment.observe(.notice("\(name): \(notice.text)")) }
    }
    mirrored = mirror.outcomes
    return mirror
  }

  func tell(_ set: SetConfiguration, _ finding: Finding) {
    environment.observe(.finding(set: set.name, finding))
  }

  /// Concludes a run that had mirrors alone: its record names the digest of their listing in the manifest's place.
  func concludeMirrored(_ mirror: SetMirror, began: Timestamp) throws {
    guard mirrored.contains(where: \.stored) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    if !mirror.hasChanged, mirrored.allSatisfy(\.stored), mirror.content.findings.allSatisfy(\.isHarmless),
      let last = lastMirrored
    {
      return concludeUnchanged(last, began: began)
    }
    outcome.take(mirror.content)
    finish(mode: "plain", manifest: mirror.digest, began: began)
  }

  var lastMirrored: SnapshotID? {
    for record in state.catalog.records.reversed() {
      if case .snapshot(let stored) = record.event, stored.set == set.name { return SnapshotID(stored.snapshot) }
    }
    return nil
  }
}
