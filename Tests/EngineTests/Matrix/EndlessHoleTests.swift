import Archive
import Backup
import Compression
import Digests
import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Files that are one hole of petabytes: nobody can hash those to their end, and nobody has to wait for it.
@Suite struct EndlessHoleTests {
  private static let size: UInt64 = 1 << 50

  /// Becomes true some time after it was first asked.
  private final class Timer: Sendable {
    private let began = Monotonic.now()
    var isOver: Bool { Monotonic.now() - began > 0.5 }
  }

  private enum Monotonic {
    static func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let began = Monotonic.now()
    try body()
    return Monotonic.now() - began
  }

  @Test func aNodeCanBeStoppedWithinOne() throws {
    let house = try Household()
    try Command.succeed("truncate", ["-s", "8T", "\(house.source)/hole"])
    let timer = Timer()
    house.isCancelled = { timer.isOver }
    let took = seconds {
      #expect { try house.backup() } throws: { ($0 as? BackupError)?.code == .cancelled }
    }
    #expect(took < 10)
    #expect(try house.manifests().isEmpty)
  }

  /// A volume as a thief of the node's key would make it: a sparse file without any data.
  private func forge(_ house: Household, listed: UInt64, stored: UInt64) throws {
    let key = try #require(try house.manifests().first)
    let path = "\(house.folder.path)/disk/\(key)"
    var manifest = try HostileManifest(try house.keys.keeper.gpg(["--decrypt", path]).output)
    let plain = try Manifest(try manifest.serialized())
    var tar: [UInt8] = []
    let pax = PaxWriter { tar.append(contentsOf: $0) }
    try plain.forEachEntry { (entry: Entry) in
      var entry = entry
      if case .file = entry.kind { (entry.size, entry.dataExtents) = (stored, []) }
      try pax.begin(entry)
      try pax.write([UInt8](repeating: 0, count: Int(pax.remainingContent)))
      try pax.end()
    }
    try pax.finish()
    let frame = try Compressor(level: 3).compress(tar)
    let volume = try house.keys.node.gpg(
      ["-z", "0", "--trust-model", "always", "-r", house.keys.recipient, "--encrypt"], input: frame
    ).output
    try FileContent.write(volume, to: "\(house.folder.path)/disk/peer-1/\(plain.volumes[0].name)")
    manifest.change("volumes.tsv") { table in
      let lines = table.split(separator: "\n")
      let old = lines[1].split(separator: "\t")
      let new: [String] = [
        String(old[0]), "\(volume.count)", SHA256.digest(volume).hex, "\(frame.count)", SHA256.digest(frame).hex,
        "\(tar.count)",
      ]
      return "\(lines[0])\n\((new + old[6...].map(String.init)).joined(separator: "\t"))\n"
    }
    manifest.change("files.mtree") { $0.replacing(#/ size=[0-9]+/#, with: " size=\(listed)") }
    let message = try house.keys.node.gpg(
      [
        "-z", "0", "--trust-model", "always", "-u", house.keys.signer, "--sign", "-r", house.keys.recipient,
        "--encrypt",
      ], input: try manifest.serialized()
    ).output
    try FileContent.write(message, to: path)
  }

  private func stored() throws -> Household {
    let house = try Household()
    try Command.succeed("truncate", ["-s", "1M", "\(house.source)/hole"])
    try house.backup()
    return house
  }

  @Test(arguments: [VerificationLevel.readable, .restored])
  func aKeeperCanBeStoppedWithinOne(_ level: VerificationLevel) throws {
    let house = try stored()
    try forge(house, listed: Self.size, stored: Self.size)
    let timer = Timer()
    house.isCancelled = { timer.isOver }
    let took = seconds {
      #expect { try house.verify(level) } throws: { ($0 as? VerifyError)?.code == .cancelled }
    }
    #expect(took < 10)
    #expect(try Command.succeed("ls", ["-A", "\(house.folder.path)/scratch"]).lines.isEmpty)
  }

  @Test func aRestoreCanBeStoppedWithinOne() throws {
    let house = try stored()
    try forge(house, listed: Self.size, stored: Self.size)
    let timer = Timer()
    house.isCancelled = { timer.isOver }
    let took = seconds {
      #expect { try house.restore() } throws: { ($0 as? VerifyError)?.code == .cancelled }
    }
    #expect(took < 10)
    #expect(try Command.succeed("find", ["\(house.folder.path)/restored", "-type", "f"]).lines.isEmpty)
  }

  /// What the listing alone claims costs nothing.
  @Test func aSizeThatIsNotStoredIsNotHashed() throws {
    let house = try stored()
    try forge(house, listed: Self.size, stored: 1 << 20)
    let found = try #require(try house.verify(.readable).first)
    #expect(found.result == .damaged && found.findings.map(\.code) == [.metadataMismatch], "\(found)")
  }
}
