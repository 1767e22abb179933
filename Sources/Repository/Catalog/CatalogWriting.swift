internal import Digests
internal import Files
internal import FoundationEssentials

extension CatalogRecord {
  /// The version of the record's form: field `v`.
  public static let version = 1

  /// The record as its line, without newline: one JSON object with sorted keys.
  public var line: [UInt8] {
    get throws(CatalogError) {
      do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(EncodedRecord(record: self)))
      } catch {
        throw CatalogError(.broken, "catalog record \(sequence)", "cannot be written as JSON: \(error)")
      }
    }
  }
}

/// The JSON form: the common fields beside those of the event.
private struct EncodedRecord: Encodable {
  let record: CatalogRecord

  enum CodingKeys: String, CodingKey { case v, seq, prev, time, type }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(record.event.version, forKey: .v)
    try container.encode(record.sequence, forKey: .seq)
    try container.encode(record.previous.hex, forKey: .prev)
    try container.encode(record.time.rfc3339, forKey: .time)
    try container.encode(record.event.type, forKey: .type)
    guard let fields = record.event.fields else {
      throw UnreadableRecord(reason: "a record of unknown type \(record.event.type) cannot be written")
    }
    try fields.encode(to: encoder)
  }
}

extension CatalogEvent {
  /// What of it becomes JSON beside the common fields; nil for a type that this version does not know.
  var fields: (any Encodable)? {
    switch self {
    case .started(let fields): fields
    case .snapshot(let fields): fields
    case .unchanged(let fields): fields
    case .failure(let fields): fields
    case .verification(let fields): fields
    case .prune(let fields): fields
    case .observation(let fields): fields
    case .attestation(let fields): fields
    case .acknowledgement(let fields): fields
    case .drill(let fields): fields
    case .selfTest(let fields): fields
    case .proof(let fields): fields
    case .run(let fields): fields
    case .retirement(let fields): fields
    case .damageAcknowledgement(let fields): fields
    case .archived(let fields): fields
    case .rotation(let fields): fields
    case .signer(let fields): fields
    case .unknown: nil
    }
  }

  /// Field `v` of the record. A reader that knows nothing of archives must not pass over a line that stands for others.
  var version: Int { if case .archived = self { 2 } else { CatalogRecord.version } }

  /// Field `type` of the record.
  public var type: String {
    switch self {
    case .started: "started"
    case .snapshot: "snapshot"
    case .unchanged: "unchanged"
    case .failure: "failure"
    case .verification: "verification"
    case .prune: "prune"
    case .observation: "observation"
    case .attestation: "attestation"
    case .acknowledgement: "acknowledgement"
    case .drill: "drill"
    case .selfTest: "self-test"
    case .proof: "proof"
    case .run: "run"
    case .retirement: "retirement"
    case .damageAcknowledgement: "damage-acknowledgement"
    case .archived: "archived"
    case .rotation: "rotation"
    case .signer: "signer"
    case .unknown(let type): type
    }
  }
}
