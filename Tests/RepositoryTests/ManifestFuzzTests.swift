import Archive
import Compression
import Digests
import Files
import Glibc
import Repository
import TestKit
import Testing

/// Manifests, listings and catalogs with bytes changed at random: read or refused, and nothing else.
///
/// `REDOUBT_FUZZ=100000` tries so many of each in place of some hundred.
@Suite struct ManifestFuzzTests {
  private static let tries = getenv("REDOUBT_FUZZ").flatMap { Int(String(cString: $0)) } ?? 400

  private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  /// What has been trouble in other readers: signs, ends, separators, the largest numbers, bytes that are no text.
  private static let words: [[UInt8]] =
    [
      "\n", "\t", " ", "-", "-1", "0", "9223372036854775807", "9223372036854775808", "18446744073709551615", "=", "\\",
      "\\000", "\\057", "/", "..", "./", ":", ",", "#", "{", "[", "\"", "e99", "time=", "size=", "type=dir", "link=",
      "device=",
    ].map { Array($0.utf8) } + [[0], [255], [0xC3], [0x80, 0x80]]

  private static func mutated(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &dice) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &dice)
      let end = min(bytes.count, at + Int.random(in: 0...20, using: &dice))
      switch Int.random(in: 0..<6, using: &dice) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
      case 1: bytes[at] = UInt8.random(in: .min ... .max, using: &dice)
      case 2: bytes.removeSubrange(at..<end)
      case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
      case 4: bytes.replaceSubrange(at..<end, with: words.randomElement(using: &dice) ?? [])
      default: bytes.insert(contentsOf: words.randomElement(using: &dice) ?? [], at: at)
      }
    }
    return bytes
  }

  private func read(_ message: [UInt8]) -> Bool {
    do {
      let manifest = try Manifest(message)
      try manifest.forEachEntry { entry, chunks in
        #expect(!entry.path.isEmpty && !entry.path.contains(0))
        #expect(chunks.allSatisfy { $0.length > 0 })
      }
      return true
    } catch {
      #expect(error is ManifestError, "\(error)")
      return false
    }
  }

  @Test(arguments: ["full", "incremental"]) func manifests(_ mode: String) throws {
    var dice = Dice(state: 20_261_121)
    let sound = HostileManifestTests.sound(mode)
    let stored = try sound.serialized()
    let names = sound.members.map(\.name)
    var refused = 0
    for _ in 0..<Self.tries {
      // One member's text, or the row of frames.
      var manifest = sound
      let name = names.randomElement(using: &dice) ?? ""
      let text = Self.mutated(Array(sound.text(name).utf8), &dice)
      manifest.set(name, [.init(bytes: text)])
      if !read(try manifest.serialized()) { refused += 1 }
      _ = read(Self.mutated(stored, &dice))
    }
    #expect(refused > Self.tries / 4)
  }

  /// The tar itself, in one frame.
  @Test func tars() throws {
    var dice = Dice(state: 7)
    let compressor = try Compressor(level: 1)
    let tar = try Command.succeed("zstd", ["-dcq"], input: HostileManifestTests.sound("incremental").serialized())
      .output
    for _ in 0..<Self.tries { _ = read(try compressor.compress(Self.mutated(tar, &dice))) }
  }

  @Test func listings() {
    var dice = Dice(state: 11)
    let lines = [
      "./a type=file uid=0 gid=0 uname=root mode=0644 size=5 time=-1.000000001 sha256digest=\(String(repeating: "a", count: 64))",
      "./b type=link uid=0 gid=0 mode=0777 time=1.000000000 link=../x",
      "./c\\040d type=block uid=1 gid=1 mode=0600 time=1.000000000 device=linux,8,1",
    ].map { Array($0.utf8) }
    var reader = MTreeReader()
    for _ in 0..<Self.tries {
      let line = Self.mutated(lines.randomElement(using: &dice) ?? [], &dice)
      if let entry = try? reader.entry(from: line[...]) { #expect(!entry.path.isEmpty && entry.size <= Int64.max) }
      let link = Self.mutated(Array("./a\t./b".utf8), &dice)
      if let link = try? LinksListing.link(from: link[...], number: 1) { #expect(!link.path.isEmpty) }
      let attribute = Self.mutated(Array("./a\tuser.x\tAAEC".utf8), &dice)
      if let found = try? AttributesListing.attribute(from: attribute[...], number: 1) {
        #expect(!found.attribute.name.isEmpty)
      }
      let volume = Self.mutated(Array(HostileManifestTests.volume.utf8), &dice)
      if let record = VolumeRecord(line: Substring(decoding: volume, as: UTF8.self)) {
        #expect(record.size >= 0 && record.tarSize >= 0 && !record.name.split(separator: "/").contains(".."))
      }
    }
  }

  @Test func catalogs() throws {
    var dice = Dice(state: 13)
    var chain = CatalogChain()
    let start = Timestamp(seconds: 1_790_000_000)
    var lines: [[UInt8]] = []
    for number in 0..<3 {
      let id = SnapshotID(started: Timestamp(seconds: start.seconds + Int64(number)), random: 1)
      let stored = SnapshotStored(
        set: "data", class: "client-database", mode: "full", snapshot: id, manifest: .zero, entries: 1, bytes: 2,
        volumes: 1, storedBytes: 3, findings: 0, seconds: 1,
        destinations: [DestinationOutcome(name: "disk", stored: true)])
      lines.append(try chain.append(.snapshot(stored), at: start).line)
    }
    var refused = 0
    for _ in 0..<Self.tries {
      var reading = CatalogChain()
      do {
        for line in lines { _ = try reading.read(Self.mutated(line, &dice), subject: "fuzz") }
      } catch {
        refused += 1
      }
    }
    #expect(refused > Self.tries * 9 / 10)
  }
}
