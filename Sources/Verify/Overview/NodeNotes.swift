public import JSON
internal import Repository

extension KeeperOverview {
  /// What a keeper tells a node: `verification.json`, which `redoubt status` shows on the node. Of each copy what must not
  /// be missed: that it is damaged, else the proof of the newest snapshot that has one, never that of an older one.
  /// - Parameter host: the node.
  public func notes(for host: String) -> JSONValue {
    var notes: [JSONValue] = []
    func add(
      _ set: SetOverview, _ place: PlaceOverview, _ snapshot: String, _ level: VerificationLevel,
      _ result: VerificationResult, _ time: String
    ) {
      notes.append(
        .object([
          .init("set", .string(set.set)), .init("destination", .string(place.destination)),
          .init("snapshot", .string(snapshot)), .init("level", .string(level.rawValue)),
          .init("result", .string(result.rawValue)), .init("time", .string(time)),
        ]))
    }
    for set in sets where set.host == host {
      for place in set.places {
        if let damaged = place.damaged.last {
          add(set, place, damaged.snapshot, damaged.level, .damaged, damaged.since.rfc3339)
        } else if let proof = place.newestProven {
          add(set, place, proof.snapshot, proof.level, .sound, proof.time.rfc3339)
        }
      }
    }
    return .object([.init("v", JSONValue(1)), .init("verifications", .array(notes))])
  }
}
