internal import Journal

/// What a message is about: the journal keeps each as a field of its own.
public struct Subject: Sendable, Equatable {
  public var host: String?
  public var set: String?
  public var snapshot: String?
  public var destination: String?

  public init(host: String? = nil, set: String? = nil, snapshot: String? = nil, destination: String? = nil) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
    self.destination = destination
  }

  var fields: [JournalField] {
    let all = [
      ("REDOUBT_HOST", host), ("REDOUBT_SET", set), ("REDOUBT_SNAPSHOT", snapshot),
      ("REDOUBT_DESTINATION", destination),
    ]
    return all.compactMap { name, value in value.map { JournalField(name, $0) } }
  }
}
