public import Digests
public import Files
internal import FoundationEssentials

/// A catalog that does not hold: which line breaks it, and how.
public struct CatalogError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// A line is not a record, or its number or link to the line before is wrong.
    case broken
    /// The file could not be read or written.
    case inaccessible
  }
  public var code: Code
  public var subject: String
  /// From 1; nil where it is not about a line.
  public var line: Int?
  public var reason: String

  public init(_ code: Code, _ subject: String, line: Int? = nil, _ reason: String) {
    self.code = code
    self.subject = subject
    self.line = line
    self.reason = reason
  }

  public var description: String {
    if let line { "\(subject), line \(line): \(reason)" } else { "\(subject): \(reason)" }
  }
}

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

  /// Reads a line.
  /// - Parameters:
  ///   - subject: the catalog's name, for errors.
  ///   - number: the line's number from 1, for errors.
  public init(line: [UInt8], subject: String, number: Int) throws(CatalogError) {
    do {
      self = try JSONDecoder().decode(EncodedRecord.self, from: Data(line)).record
    } catch let error as UnsupportedRecord {
      throw CatalogError(.broken, subject, line: number, error.reason)
    } catch {
      throw CatalogError(.broken, subject, line: number, "not a catalog record")
    }
  }
}

private struct UnsupportedRecord: Error { let reason: String }

/// The JSON form: the common fields beside those of the event.
private struct EncodedRecord: Codable {
  let record: CatalogRecord

  enum CodingKeys: String, CodingKey { case v, seq, prev, time, type }

  init(record: CatalogRecord) { self.record = record }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(CatalogRecord.version, forKey: .v)
    try container.encode(record.sequence, forKey: .seq)
    try container.encode(record.previous.hex, forKey: .prev)
    try container.encode(record.time.rfc3339, forKey: .time)
    func encode(_ type: String, _ fields: some Encodable) throws {
      try container.encode(type, forKey: .type)
      try fields.encode(to: encoder)
    }
    switch record.event {
    case .started(let fields): try encode("started", fields)
    case .snapshot(let fields): try encode("snapshot", fields)
    case .unchanged(let fields): try encode("unchanged", fields)
    case .failure(let fields): try encode("failure", fields)
    case .verification(let fields): try encode("verification", fields)
    case .prune(let fields): try encode("prune", fields)
    case .observation(let fields): try encode("observation", fields)
    case .attestation(let fields): try encode("attestation", fields)
    case .acknowledgement(let fields): try encode("acknowledgement", fields)
    case .drill(let fields): try encode("drill", fields)
    case .selfTest(let fields): try encode("self-test", fields)
    case .proof(let fields): try encode("proof", fields)
    case .run(let fields): try encode("run", fields)
    case .unknown(let type): throw UnsupportedRecord(reason: "a record of unknown type \(type) cannot be written")
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .v)
    guard version == CatalogRecord.version else {
      throw UnsupportedRecord(
        reason: "record version \(version) is newer than this program knows (\(CatalogRecord.version))")
    }
    guard let previous = SHA256Digest(hex: try container.decode(String.self, forKey: .prev)) else {
      throw UnsupportedRecord(reason: "prev is not a SHA-256 digest")
    }
    guard let time = Timestamp(try container.decode(String.self, forKey: .time)) else {
      throw UnsupportedRecord(reason: "time is not RFC 3339 in UTC")
    }
    let type = try container.decode(String.self, forKey: .type)
    let event: CatalogEvent =
      switch type {
      case "started": .started(try RunStarted(from: decoder))
      case "snapshot": .snapshot(try SnapshotStored(from: decoder))
      case "unchanged": .unchanged(try NothingChanged(from: decoder))
      case "failure": .failure(try RunFailed(from: decoder))
      case "verification": .verification(try Verification(from: decoder))
      case "prune": .prune(try Pruned(from: decoder))
      case "observation": .observation(try Observation(from: decoder))
      case "attestation": .attestation(try Attestation(from: decoder))
      case "acknowledgement": .acknowledgement(try Acknowledgement(from: decoder))
      case "drill": .drill(try Drill(from: decoder))
      case "self-test": .selfTest(try SelfTest(from: decoder))
      case "proof": .proof(try Proof(from: decoder))
      case "run": .run(try KeeperRun(from: decoder))
      default: .unknown(type: type)
      }
    record = CatalogRecord(
      sequence: try container.decode(Int.self, forKey: .seq), previous: previous, time: time, event: event)
  }
}

/// Follows a catalog line by line and holds its chain: numbers from 1 without gaps, each line linked to the one before.
public struct CatalogChain: Sendable, Equatable {
  public private(set) var sequence: Int
  /// SHA-256 of the last line; zero before the first.
  public private(set) var head: SHA256Digest

  public init() {
    sequence = 0
    head = .zero
  }

  /// Continues after a head that is known already.
  public init(sequence: Int, head: SHA256Digest) {
    self.sequence = sequence
    self.head = head
  }

  /// Takes the next line (without newline).
  /// - Throws: `.broken` where it does not continue the chain.
  public mutating func read(_ line: [UInt8], subject: String) throws(CatalogError) -> CatalogRecord {
    let number = sequence + 1
    let record = try CatalogRecord(line: line, subject: subject, number: number)
    guard record.sequence == number else {
      throw CatalogError(.broken, subject, line: number, "record \(record.sequence) where \(number) is due")
    }
    guard record.previous == head else {
      throw CatalogError(.broken, subject, line: number, "does not continue the line before it")
    }
    sequence = number
    head = SHA256.digest(line)
    return record
  }

  /// Makes the next record and its line.
  public mutating func append(_ event: CatalogEvent, at time: Timestamp) throws(CatalogError) -> (
    record: CatalogRecord, line: [UInt8]
  ) {
    let record = CatalogRecord(
      sequence: sequence + 1, previous: head, time: Timestamp(seconds: time.seconds), event: event)
    let line = try record.line
    sequence += 1
    head = SHA256.digest(line)
    return (record, line)
  }
}
