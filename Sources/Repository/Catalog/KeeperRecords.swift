// What a keeper's catalog records beside verifications and deletions.

/// How far a node's catalog went at one destination when the keeper last looked: the pin that a later look is held to.
public struct Observation: Sendable, Equatable, Codable {
  public var host: String
  public var destination: String
  public var epoch: String
  /// Segments that were read and hold, from the first on without a gap.
  public var segments: Int
  /// Records in them; `head` is the SHA-256 of the last one's line (zeros where there is none).
  public var records: Int
  public var head: String
  /// SHA-256 of the last segment as it is stored; empty where there is none.
  public var segmentDigest: String
  public var findings: [Finding]

  public init(
    host: String, destination: String, epoch: String, segments: Int, records: Int, head: String, segmentDigest: String,
    findings: [Finding]
  ) {
    self.host = host
    self.destination = destination
    self.epoch = epoch
    self.segments = segments
    self.records = records
    self.head = head
    self.segmentDigest = segmentDigest
    self.findings = findings
  }

  enum CodingKeys: String, CodingKey {
    case host, destination, epoch, segments, records, head, findings
    case segmentDigest = "segment-digest"
  }
}

/// A person knows why a node began an epoch (a new disk, a restored image), and says so.
public struct Acknowledgement: Sendable, Equatable, Codable {
  public var host: String
  public var epoch: String
  public var by: String
  public var note: String

  public init(host: String, epoch: String, by: String, note: String) {
    self.host = host
    self.epoch = epoch
    self.by = by
    self.note = note
  }
}
