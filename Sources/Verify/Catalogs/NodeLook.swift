internal import Files
internal import FoundationEssentials
internal import Repository

/// What the keeper's last look at a node's catalogs and snapshots came to: `nodes/<host>/look.json` in its state folder,
/// replaced at each look. What must not be forgotten is in the keeper's catalog; this tells when somebody last looked.
struct NodeLook: Codable, Sendable, Equatable {
  /// What a destination has of one set: finished snapshots, and the bytes of all objects.
  struct SetContent: Codable, Sendable, Equatable {
    var set: String
    var snapshots: Int
    var oldest: String?
    var newest: String?
    var bytes: UInt64
  }

  struct Place: Codable, Sendable, Equatable {
    var name: String
    /// RFC 3339; nil where it could never be looked at.
    var observed: String?
    /// Why the last try failed; what else is said is of the one before.
    var unchecked: String?
    var sets: [SetContent] = []
    /// At most `findingLimit`.
    var findings: [Finding] = []
  }

  static let version = 1
  static let findingLimit = 100

  var v = Self.version
  var places: [Place]
  /// Those of no destination alone.
  var findings: [Finding]

  /// - Parameters:
  ///   - contents: by destination, of those that could be listed.
  ///   - old: the look before.
  ///   - looksAt: whether this look was about a set; of the others, what the one before saw stays.
  init(
    _ observation: NodeObservation, _ contents: [String: [SetContent]], before old: NodeLook?, at time: Timestamp,
    looksAt: (String) -> Bool = { _ in true }
  ) {
    func findings(_ name: String) -> [Finding] {
      let open = observation.findings.filter { $0.destination == name }.map(\.finding)
      // An acknowledgement may be taken back before the next look.
      let known = observation.acknowledged.filter { $0.destination == name }.map(\.finding)
      return Array((open + known).prefix(Self.findingLimit))
    }
    self.findings = findings("")
    places = observation.destinations.map { name in
      if let reason = observation.unchecked.first(where: { $0.destination == name })?.reason {
        var place = old?.places.first { $0.name == name } ?? Place(name: name)
        place.unchecked = reason
        return place
      }
      let before = old?.places.first { $0.name == name }
      let kept = before?.sets.filter { !looksAt($0.set) } ?? []
      let keptFindings = before?.findings.filter { finding in
        let set = finding.path.prefix { $0 != "/" }
        return set != "catalog" && !looksAt(String(set))
      }
      return Place(
        name: name, observed: time.rfc3339, sets: ((contents[name] ?? []) + kept).sorted { $0.set < $1.set },
        findings: Array((findings(name) + (keptFindings ?? [])).prefix(Self.findingLimit)))
    }
  }
}

extension NodeLook.SetContent {
  init(_ stored: StoredSet) {
    let snapshots = stored.snapshots
    self.init(
      set: stored.place.set, snapshots: snapshots.count, oldest: snapshots.first?.description,
      newest: snapshots.last?.description, bytes: stored.bytes)
  }
}

extension NodeLook.Place {
  var time: Timestamp? { observed.flatMap { Timestamp($0) } }
}

extension NodeCatalogCache {
  private var lookFile: String { "\(folder)/look.json" }

  /// nil where nobody has looked, and where the file cannot be used: then somebody must look again.
  func look() -> NodeLook? {
    guard let content = try? FileContent.read(lookFile, maximumLength: 1 << 26),
      let look = try? JSONDecoder().decode(NodeLook.self, from: Data(content)), look.v == NodeLook.version
    else { return nil }
    return look
  }

  func write(_ look: NodeLook) throws(FileError) {
    try Paths.makeFolders(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers alone: always JSON.
    guard let content = try? encoder.encode(look) else { return }
    try FileContent.write([UInt8](content) + [UInt8(ascii: "\n")], to: lookFile)
  }
}
