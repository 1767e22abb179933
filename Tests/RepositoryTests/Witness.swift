import Digests
import Files
import FoundationEssentials
import Repository

/// A catalog's line as Foundation's decoder reads it: what ours is compared with.
struct Witness: Decodable, Equatable {
  var sequence: Int
  var previous: String
  var time: Timestamp
  var event: CatalogEvent

  init(_ record: CatalogRecord) {
    sequence = record.sequence
    previous = record.previous.hex
    time = record.time
    event = record.event
  }

  init(_ line: [UInt8]) throws { self = try JSONDecoder().decode(Witness.self, from: Data(line)) }

  private enum CodingKeys: String, CodingKey { case v, seq, prev, time, type }
  private struct Wrong: Error {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard try container.decode(Int.self, forKey: .v) == 1,
      let digest = SHA256Digest(hex: try container.decode(String.self, forKey: .prev)),
      let time = Timestamp(try container.decode(String.self, forKey: .time))
    else { throw Wrong() }
    sequence = try container.decode(Int.self, forKey: .seq)
    previous = digest.hex
    self.time = time
    let type = try container.decode(String.self, forKey: .type)
    event =
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
      case "retirement": .retirement(try Retirement(from: decoder))
      case "damage-acknowledgement": .damageAcknowledgement(try DamageAcknowledgement(from: decoder))
      case "rotation": .rotation(try Rotation(from: decoder))
      case "signer": .signer(try SignerNamed(from: decoder))
      default: .unknown(type: type)
      }
  }
}
