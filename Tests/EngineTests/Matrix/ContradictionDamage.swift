import Digests
import Glibc
import Repository
import Verify

extension Damage {
  /// What a node's own key signed and what is not so: a node that is broken, or a thief of its key.
  static let contradictions: [Damage] = [
    Damage("signed: a volume's size is wrong", .wrongSize, from: .present) { scene in
      try scene.forged("volumes.tsv") { Change.volume($0, scene.victim, 1) { Change.number($0, by: 1) } }
    },
    Damage("signed: a volume's SHA-256 is wrong", .wrongDigest, from: .intact) { scene in
      try scene.forged("volumes.tsv") { Change.volume($0, scene.victim, 2, Change.digest) }
    },
    Damage("signed: a volume's plain size is wrong", .wrongDigest, from: .readable) { scene in
      try scene.forged("volumes.tsv") { Change.volume($0, scene.victim, 3) { Change.number($0, by: 1) } }
    },
    Damage("signed: a volume's plain SHA-256 is wrong", .wrongDigest, from: .readable) { scene in
      try scene.forged("volumes.tsv") { Change.volume($0, scene.victim, 4, Change.digest) }
    },
    Damage("signed: a volume's tar size is wrong", .malformed, from: .readable) { scene in
      try scene.forged("volumes.tsv") { Change.volume($0, scene.victim, 5) { Change.number($0, by: 512) } }
    },
    Damage("signed: a volume is not listed", .malformed, from: .present, modes: [.full]) { scene in
      try scene.forged("volumes.tsv") { Self.without(scene.victim, $0) }
    },
    Damage("signed: a volume is not listed", .entryMissing, from: .readable, modes: [.incremental]) { scene in
      try scene.forged("volumes.tsv") { Self.without(scene.victim, $0) }
    },
    Damage("signed: a volume is listed twice", .malformed, from: .present) { scene in
      try scene.forged("volumes.tsv") { $0 + "\($0.split(separator: "\n")[1])\n" }
    },
    Damage("signed: a volume of another set is listed", .malformed, from: .present) { scene in
      try scene.forged("volumes.tsv") {
        Change.volume($0, scene.victim, 0) { $0.replacing(/^data/, with: "second") }
      }
    },
    Damage("signed: a volume does not decrypt", .undecryptable, from: .readable) { scene in
      let content = try scene.content(scene.victimKey)
      return try scene.exchanged(Array(content.prefix(content.count / 2)))
    },
    Damage("signed: a volume is encrypted to a key that is not here", uncheckedFrom: .readable) { scene in
      try scene.exchanged(try scene.message(Household.noise(5000), signed: .nobody, lost: true))
    },
    Damage("signed: a file's SHA-256 is wrong", .contentMismatch, from: .readable, modes: [.full]) { scene in
      try scene.forged("files.mtree") { Change.entry($0, "a", Self.otherDigest) }
    },
    Damage("signed: the SHA-256 of a file of one chunk is wrong", .entryMissing, from: .readable, modes: [.incremental])
    { scene in
      try scene.forged("files.mtree") { Change.entry($0, "a", Self.otherDigest) }
    },
    Damage(
      "signed: the SHA-256 of a file of several chunks is wrong", .contentMismatch, from: .restored,
      modes: [.incremental]
    ) { scene in
      try scene.forged("files.mtree") { Change.entry($0, "large", Self.otherDigest) }
    },
    Damage("signed: a chunk's SHA-256 is wrong", .entryMissing, from: .readable, modes: [.incremental]) { scene in
      try scene.forged("contents.tsv") {
        $0.replacing(/:([0-9a-f]{63})([0-9a-f])/, maxReplacements: 1) { ":\($0.1)\($0.2 == "0" ? "1" : "0")" }
      }
    },
    Damage("signed: a chunk's length is wrong", .malformed, from: .readable, modes: [.incremental]) { scene in
      try scene.forged("contents.tsv") {
        $0.replacing(/:([0-9]+):/, maxReplacements: 1) { ":\(Change.number(String($0.1), by: 1)):" }
      }
    },
    Damage("signed: a chunk's volume is not listed", .entryMissing, from: .readable, modes: [.incremental]) { scene in
      try scene.forged("contents.tsv") { $0.replacing(/[0-9]+:/, with: "4711:", maxReplacements: 1) }
    },
    Damage("signed: contents.tsv ends early", .malformed, from: .readable, modes: [.incremental]) { scene in
      try scene.forged("contents.tsv") { $0.split(separator: "\n").dropLast().map { "\($0)\n" }.joined() }
    },
    Damage("signed: a file's mode is wrong", .metadataMismatch, from: .readable, modes: [.full]) { scene in
      try scene.forged("files.mtree") { Change.entry($0, "a") { $0.replacing("mode=0644", with: "mode=0600") } }
    },
    Damage("signed: a file is not listed", .entryUnexpected, from: .readable, modes: [.full]) { scene in
      try scene.forgedListing(by: -1) { Change.entry($0, "large") { _ in nil } }
    },
    Damage("signed: a file is listed that is not stored", .entryMissing, from: .readable, modes: [.full]) { scene in
      try scene.forgedListing(by: 1) { listing in
        Change.entry(listing, "large") { "\($0)\n\($0.replacing("/large ", with: "/more "))" }
      }
    },
    Damage("signed: the number of entries is wrong", .malformed, from: .readable) { scene in
      try scene.forgedListing(by: 1) { $0 }
    },
    Damage("signed: a path leads out of the tree", .malformed, from: .readable) { scene in
      try scene.forged("files.mtree") { Change.entry($0, "a") { $0.replacing("/a ", with: "/../../a ") } }
    },
    Damage("signed: a path is listed twice", .malformed, from: .readable) { scene in
      try scene.forged("files.mtree") { Change.entry($0, "b") { $0.replacing("/b ", with: "/a ") } }
    },
  ]

  private static func without(_ volume: Int, _ table: String) -> String {
    table.split(separator: "\n").enumerated().filter { $0.offset != volume + 1 }.map { "\($0.element)\n" }.joined()
  }

  private static func otherDigest(_ line: String) -> String {
    line.replacing(/sha256digest=([0-9a-f]+)/) { "sha256digest=\(Change.digest(String($0.1)))" }
  }
}

extension MatrixScene {
  /// A volume with other content, and a manifest that lists it as it is stored.
  fileprivate func exchanged(_ message: [UInt8]) throws -> [String: [UInt8]?] {
    var objects = try forged("volumes.tsv") { table in
      let sized = Change.volume(table, victim, 1) { _ in String(message.count) }
      return Change.volume(sized, victim, 2) { _ in SHA256.digest(message).hex }
    }
    objects[victimKey] = message
    return objects
  }

  /// A manifest with another listing and another number of entries.
  fileprivate func forgedListing(by change: Int, _ listing: (String) -> String) throws -> [String: [UInt8]?] {
    var members = try changed("snapshot.json") {
      $0.replacing(/"entries" : ([0-9]+)/) { "\"entries\" : \(Change.number(String($0.1), by: change))" }
    }
    members["files.mtree"] = try changed("files.mtree", listing)["files.mtree"]
    return [manifestKey: try message(manifestText(members))]
  }
}
