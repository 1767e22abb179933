internal import Digests
internal import Files
internal import FoundationEssentials
internal import JSON

/// A line of a catalog, by itself.
struct CatalogLine: Sendable {
  var record: CatalogRecord
  /// SHA-256 of the line.
  var digest: SHA256Digest
}

/// Why a line is no record.
struct UnreadableRecord: Error {
  let reason: String
}

/// Reads lines of a catalog. One thread at a time.
///
/// A keeper's catalog has a line for each proof and each look at a node's, 100,000 of them after some time, and every
/// command reads them all. The types that there are many of are therefore read straight from the text (`QuickRecord`); the
/// others by way of `Decodable`, which takes ten times as long.
///
/// To add a type of record: a case of `CatalogEvent`, its name and fields in `CatalogWriting`, a line in `event` below,
/// how long it stays in `NeededRecords` and `CatalogEvent.logCategory`, what people see of it in `RecordSummary`, a sample in
/// the tests' `RecordSamples` and `Witness`, and its fields in redoubt-catalog(5).
final class CatalogLineReader {
  private let json = JSONReader()
  private let hash = SHA256()

  /// - Parameter line: without its newline.
  func read(_ line: UnsafeRawBufferPointer) -> Result<CatalogLine, UnreadableRecord> {
    do throws(JSONError) {
      let record = try record(try json.read(line), line)
      hash.update(line)
      return .success(CatalogLine(record: record, digest: hash.finish()))
    } catch {
      return .failure(UnreadableRecord(reason: "not a catalog record: \(error)"))
    }
  }

  private func record(_ fields: JSONFields, _ line: UnsafeRawBufferPointer) throws(JSONError) -> CatalogRecord {
    let version = try fields.integer("v")
    let type = try fields.string("type")
    let event = try event(type, fields, line)
    guard version == event.version else {
      throw JSONError("v", "\(version) of a record of type \(type) is not known to this program")
    }
    return CatalogRecord(
      sequence: try fields.integer("seq"), previous: try fields.digest("prev"), time: try fields.time("time"),
      event: event)
  }

  private func event(
    _ type: String, _ fields: JSONFields, _ line: UnsafeRawBufferPointer
  ) throws(JSONError) -> CatalogEvent {
    switch type {
    case "verification": .verification(try Verification(fields))
    case "observation": .observation(try Observation(fields))
    case "proof": .proof(try Proof(fields))
    case "started": .started(try RunStarted(fields))
    case "snapshot": .snapshot(try SnapshotStored(fields))
    case "unchanged": .unchanged(try NothingChanged(fields))
    case "failure": .failure(try decode(line))
    case "prune": .prune(try decode(line))
    case "attestation": .attestation(try decode(line))
    case "acknowledgement": .acknowledgement(try decode(line))
    case "drill": .drill(try decode(line))
    case "self-test": .selfTest(try decode(line))
    case "run": .run(try decode(line))
    case "retirement": .retirement(try Retirement(fields))
    case "damage-acknowledgement": .damageAcknowledgement(try DamageAcknowledgement(fields))
    case "archived": .archived(try decode(line))
    case "rotation": .rotation(try decode(line))
    case "signer": .signer(try decode(line))
    default: .unknown(type: type)
    }
  }

  private func decode<Fields: Decodable>(_ line: UnsafeRawBufferPointer) throws(JSONError) -> Fields {
    do { return try JSONDecoder().decode(Fields.self, from: Data(line)) } catch {
      throw JSONError("its fields", "are not those of its type")
    }
  }
}

extension CatalogRecord {
  /// Reads one line, which need not continue any other.
  /// - Parameters:
  ///   - line: without its newline.
  ///   - subject: the catalog's name, for errors.
  ///   - number: the line's number from 1, for errors.
  public init(line: [UInt8], subject: String, number: Int) throws(CatalogError) {
    do { self = try line.withUnsafeBytes { CatalogLineReader().read($0) }.get().record } catch {
      throw CatalogError(.broken, subject, line: number, error.reason)
    }
  }
}

extension JSONFields {
  fileprivate func digest(_ name: StaticString) throws(JSONError) -> SHA256Digest {
    if let digits = try bytes(name), let digest = SHA256Digest(hex: digits) { return digest }
    guard let digest = SHA256Digest(hex: try string(name)) else {
      throw JSONError("\(name)", "is not a SHA-256 digest")
    }
    return digest
  }

  fileprivate func time(_ name: StaticString) throws(JSONError) -> Timestamp {
    if let text = try bytes(name), let time = Timestamp(rfc3339: text) { return time }
    guard let time = Timestamp(try string(name)) else { throw JSONError("\(name)", "is not RFC 3339 in UTC") }
    return time
  }
}
