/// Concerns that say the same of several places: two hundred sets that nobody has proven are one thing to do.
public struct ConcernGroup: Sendable, Equatable {
  /// The oldest of the worst.
  public var first: Concern
  /// The others, in their order.
  public var alike: [Concern]

  public init(first: Concern, alike: [Concern] = []) {
    self.first = first
    self.alike = alike
  }

  /// How many have to be alike: a few are read faster one by one.
  static let least = 4

  /// The places of the others, as many as fit on a line or two.
  public var places: String {
    let shown = alike.prefix(8).map { $0.place.isEmpty ? $0.text : $0.place }
    let rest = alike.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}

extension [Concern] {
  /// Groups of those that are alike, each where its first one stands; all others stand alone.
  public var grouped: [ConcernGroup] {
    var members: [ConcernShape: [Concern]] = [:]
    for concern in self { members[ConcernShape(concern), default: []].append(concern) }
    var told: Set<ConcernShape> = []
    return compactMap { concern in
      let shape = ConcernShape(concern)
      guard let alike = members[shape], alike.count >= ConcernGroup.least else {
        return ConcernGroup(first: concern, alike: [])
      }
      return told.insert(shape).inserted ? ConcernGroup(first: concern, alike: Array(alike.dropFirst())) : nil
    }
  }
}

/// What concerns have in common that differ in places, times and numbers alone.
private struct ConcernShape: Hashable {
  let kind: Concern.Kind
  let severity: Concern.Severity
  let words: [Substring]

  init(_ concern: Concern) {
    kind = concern.kind
    severity = concern.severity
    words = concern.text.split(separator: " ").map { word in
      word.utf8.contains { (48...57).contains($0) || $0 == UInt8(ascii: "/") } ? "#" : word
    }
  }
}
