import Archive
import Compression
import Digests
import Files
import Glibc
import OpenPGP
import Repository
import Storage
import TestKit
import Verify

/// Incremental snapshots made by hand, sound ones and such as no node would write, in a household's destination.
final class HandmadeSnapshot {
  let house: Household
  let signer: Signer
  let encryptor: Encryptor
  var id: SnapshotID
  var volumes: [VolumeRecord] = []
  var entries: [(entry: Entry, chunks: [ChunkReference]?)] = []

  /// - Parameter destinations: of the household; objects go to the first.
  init() throws {
    house = try Household(mode: .incremental)
    let ring = try KeyRing(home: house.keys.node.home)
    encryptor = try Encryptor(
      home: house.keys.node.home, recipients: [try ring.recipient(house.keys.recipient, at: .now())])
    signer = try Signer(key: try ring.signer(house.keys.signer, at: .now()), encryptor: encryptor)
    id = SnapshotID(started: Timestamp(seconds: 1_790_000_000), random: 7)
  }

  /// An id some seconds before (or after) this snapshot's.
  func other(_ seconds: Int64) -> SnapshotID {
    SnapshotID(started: Timestamp(seconds: id.started.seconds + seconds), random: 1)
  }

  /// Stores a volume that holds these chunks.
  /// - Parameters:
  ///   - name: another than the digest that each chunk has.
  @discardableResult
  func addVolume(
    _ chunks: [[UInt8]], set: String = "data", of snapshot: SnapshotID? = nil, number: Int? = nil,
    name: (([UInt8]) -> String)? = nil
  ) throws -> Int {
    var tar: [UInt8] = []
    let pax = PaxWriter { tar.append(contentsOf: $0) }
    for chunk in chunks {
      let member = name?(chunk) ?? ChunkReference.memberName(SHA256.digest(chunk))
      try pax.begin(Entry(path: Array(member.utf8), kind: .file, mode: 0o600, size: UInt64(chunk.count)))
      try pax.write(chunk)
      try pax.end()
    }
    let frame = try Compressor(level: 3).compress(tar)
    let message = try encryptor.encrypt(frame)
    let key = Layout(host: "peer-1").volumeName(set, snapshot ?? id, number ?? volumes.count + 1)
    try house.store("disk").put(Upload(key: "peer-1/\(key)", content: message))
    let volume = (volumes.map(\.id).max() ?? 0) + 3
    volumes.append(
      VolumeRecord(
        name: key, size: message.count, digest: SHA256.digest(message), plainSize: frame.count,
        plainDigest: SHA256.digest(frame), tarSize: tar.count, firstEntry: 0, startsInside: false, id: volume))
    return volume
  }

  static func reference(_ chunk: [UInt8], in volume: Int) -> ChunkReference {
    ChunkReference(volume: volume, length: chunk.count, digest: SHA256.digest(chunk))
  }

  func add(_ path: String, _ kind: Entry.Kind, attributes: [ExtendedAttribute] = []) {
    let mode: UInt32 = if case .symbolicLink = kind { 0o777 } else { kind == .directory ? 0o750 : 0o640 }
    var entry = entry(path, kind, mode)
    entry.attributes = attributes
    entries.append((entry, nil))
  }

  func addFile(
    _ path: String, _ parts: [([UInt8], volume: Int)], attributes: [ExtendedAttribute] = []
  ) {
    var entry = entry(path, .file, 0o640)
    let content = parts.flatMap(\.0)
    entry.size = UInt64(content.count)
    entry.digest = SHA256.digest(content)
    entry.attributes = attributes
    entries.append((entry, parts.map { Self.reference($0.0, in: $0.volume) }))
  }

  private func entry(_ path: String, _ kind: Entry.Kind, _ mode: UInt32) -> Entry {
    Entry(
      path: Array(path.utf8), kind: kind, mode: mode, owner: geteuid(), group: getegid(),
      modified: Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789))
  }

  /// Stores the manifest.
  /// - Parameter chunkedListing: stores its listing in a volume of its own.
  func finish(chunkedListing: Bool = false) throws {
    var members: [String: [UInt8]] = ["files.mtree": MTreeWriter.header]
    let writer = try ManifestWriter()
    for (entry, chunks) in entries {
      var line: [UInt8] = []
      MTreeWriter.append(entry, to: &line)
      let link = LinksListing.line(for: entry)
      let attributes = entry.attributes.isEmpty ? [] : AttributesListing.lines(for: entry)
      if !chunkedListing {
        try line.withUnsafeBytes { line in
          try attributes.withUnsafeBytes {
            try writer.add(line: line, link: link.map { Array($0) }, attributes: $0, chunks: chunks)
          }
        }
      } else {
        members["files.mtree", default: []] += line
        if let link { members["links.tsv", default: []] += link }
        members["attributes.tsv", default: []] += attributes
        if let chunks { ContentsListing.append(chunks, to: &members["contents.tsv", default: []]) }
      }
    }
    let references = chunkedListing ? try storeListing(members) : []
    let epoch = Epoch(began: id.started, random: 1)
    let time = id.started.rfc3339
    let description = SnapshotDescription(
      id: id, host: "peer-1", set: "data", class: "node-configurations", mode: "incremental", epoch: epoch,
      started: time, finished: time, paths: ["/t"], recipients: [house.keys.recipient], signer: house.keys.signer,
      tool: "by hand", entries: entries.count, files: entries.count { $0.entry.kind == .file },
      bytes: entries.reduce(0) { $0 + $1.entry.size }, findings: [], chunkSizes: [1, 2, 3])
    let plain = try writer.finish(description, volumes: volumes, listing: references)
    let message = try signer.signAndEncrypt(plain)
    try house.store("disk").put(Upload(key: Layout(host: "peer-1").manifest("data", id), content: message))
  }

  /// Stores a listing in pieces of some bytes.
  private func storeListing(_ members: [String: [UInt8]]) throws -> [(member: String, chunk: ChunkReference)] {
    var pieces: [(String, [UInt8])] = []
    for (name, bytes) in members.sorted(by: { $0.key < $1.key }) {
      for start in stride(from: 0, to: bytes.count, by: 200) {
        pieces.append((name, Array(bytes[start..<min(start + 200, bytes.count)])))
      }
    }
    let volume = try addVolume(pieces.map(\.1))
    return pieces.map { ($0.0, Self.reference($0.1, in: volume)) }
  }

  func path(ofVolume index: Int) -> String { "\(house.folder.path)/disk/peer-1/\(volumes[index].name)" }

  func flip(volume index: Int) throws {
    var content = try FileContent.read(path(ofVolume: index))
    content[content.count / 2] ^= 1
    try FileContent.write(content, to: path(ofVolume: index))
  }
}

/// A tree of every kind whose content lies in three volumes, one of them an earlier snapshot's.
struct HandmadeTree {
  let one = Household.noise(5000, seed: 1)
  let two = Household.noise(70_000, seed: 2)
  let three = Household.noise(3000, seed: 3)
  let zeros = [UInt8](repeating: 0, count: 100_000)
  let snapshot: HandmadeSnapshot

  init() throws {
    snapshot = try HandmadeSnapshot()
    let first = try snapshot.addVolume([three, one, Array("nobody needs this".utf8)], of: snapshot.other(-86400))
    let second = try snapshot.addVolume([two, zeros])
    let third = try snapshot.addVolume([three])
    snapshot.add("t", .directory)
    snapshot.addFile("t/alone", [(one, first)])
    snapshot.add("t/dir", .directory)
    snapshot.addFile("t/dir/empty", [])
    snapshot.addFile("t/dir/same", [(one, first)])
    snapshot.add("t/fifo", .fifo)
    snapshot.add("t/hard", .hardLink(target: Array("t/alone".utf8)))
    snapshot.addFile("t/hole", [(zeros, second)])
    snapshot.addFile("t/long", [(three, third), (zeros, second), (one, first), (two, second), (three, first)])
    snapshot.addFile(
      "t/noted", [(three, third)], attributes: [ExtendedAttribute(name: Array("user.note".utf8), value: [1, 2])])
    snapshot.add("t/to", .symbolicLink(target: Array("dir/empty".utf8)))
  }

  var long: [UInt8] { three + zeros + one + two + three }
}
