internal import FoundationEssentials

/// `snapshot.json` of a manifest: what the snapshot is, in short.
public struct SnapshotDescription: Sendable, Equatable, Codable {
  /// The manifest's format; a reader refuses any other.
  public static let formatVersion = 1

  public var v = Self.formatVersion
  public var id: String
  public var host: String
  public var set: String
  public var `class`: String
  public var mode: String
  public var epoch: String
  /// RFC 3339 in UTC.
  public var started: String
  public var finished: String
  /// The set's configured paths, escaped as in mtree(5) where they have unprintable bytes.
  public var paths: [String]
  /// Fingerprints of the keys that can open the snapshot.
  public var recipients: [String]
  public var signer: String
  public var tool: String
  public var entries: Int
  public var files: Int
  /// Bytes of content of all files.
  public var bytes: UInt64
  public var findings: [Finding]
  /// Mode `incremental`: the minimum, average and maximum length of the chunks that files were cut into, in bytes.
  public var chunkSizes: [Int]?

  public init(
    id: SnapshotID, host: String, set: String, class: String, mode: String, epoch: Epoch, started: String,
    finished: String, paths: [String], recipients: [String], signer: String, tool: String, entries: Int, files: Int,
    bytes: UInt64, findings: [Finding], chunkSizes: [Int]? = nil
  ) {
    self.id = id.description
    self.host = host
    self.set = set
    self.class = `class`
    self.mode = mode
    self.epoch = epoch.description
    self.started = started
    self.finished = finished
    self.paths = paths
    self.recipients = recipients
    self.signer = signer
    self.tool = tool
    self.entries = entries
    self.files = files
    self.bytes = bytes
    self.findings = findings
    self.chunkSizes = chunkSizes
  }

  enum CodingKeys: String, CodingKey {
    case v, id, host, set, `class`, mode, epoch, started, finished, paths, recipients, signer, tool, entries, files,
      bytes
    case findings
    case chunkSizes = "chunk-sizes"
  }

  func encoded() throws(ManifestError) -> [UInt8] {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw ManifestError("snapshot.json", "cannot be written: \(error)")
    }
  }

  init(decoding content: [UInt8]) throws(ManifestError) {
    struct Version: Decodable { let v: Int }
    let decoder = JSONDecoder()
    guard let version = try? decoder.decode(Version.self, from: Data(content)) else {
      throw ManifestError("snapshot.json", "not a snapshot's description")
    }
    guard version.v == Self.formatVersion else {
      throw ManifestError(
        "snapshot.json", "format version \(version.v) where this program reads version \(Self.formatVersion)")
    }
    do { self = try decoder.decode(Self.self, from: Data(content)) } catch {
      throw ManifestError("snapshot.json", "not a snapshot's description: \(error)")
    }
    guard SnapshotID(id) != nil else { throw ManifestError("snapshot.json", "\(id) is not a snapshot id") }
    guard entries >= 0, files >= 0, files <= entries else {
      throw ManifestError("snapshot.json", "counts \(files) files among \(entries) entries")
    }
  }
}

/// A manifest that is not what redoubt-format(5) says: which member, and what is wrong.
public struct ManifestError: Error, Equatable, CustomStringConvertible {
  public let member: String
  public let reason: String
  public init(_ member: String, _ reason: String) {
    self.member = member
    self.reason = reason
  }
  public var description: String { "\(member): \(reason)" }
}
