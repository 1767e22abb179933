import Backup
import Files
import Glibc
import Repository
import TestKit
import Testing
import Verify

/// Changes one stored object in every way that storage or an attacker may; the keeper must find it at the level that
/// promises to, and a restore must not hand out a changed byte.
@Suite struct DamageTests {
  /// A snapshot of several volumes.
  private func stored() throws -> Household {
    let house = try Household()
    for number in 0..<4 { try house.write("file-\(number)", Household.noise(700_000, seed: UInt64(number + 1))) }
    try house.write("large", Household.noise(2_500_000, seed: 9))
    try house.backup()
    return house
  }

  private func path(_ house: Household, _ object: String) -> String { "\(house.folder.path)/disk/\(object)" }

  private func flip(_ path: String, at position: (Int) -> Int) throws {
    var content = try FileContent.read(path)
    content[position(content.count)] ^= 0x01
    try FileContent.write(content, to: path)
  }

  private func only(_ house: Household, _ level: VerificationLevel) throws -> Verification {
    try #require(try house.verify(level).first)
  }

  @Test(arguments: [0, 1, 2], [false, true])
  func aFlippedBitIsFound(_ place: Int, inManifest: Bool) throws {
    let house = try stored()
    let object = try #require(inManifest ? try house.manifests().first : try house.volumes().dropFirst().first)
    try flip(path(house, object)) { [0, $0 / 2, $0 - 1][place] }
    let verification = try only(house, .intact)
    #expect(verification.result == .damaged)
    let name = String(object.dropFirst("peer-1/".count))
    #expect(verification.findings.map(\.path) == [name])
    if !inManifest { #expect(try only(house, .present).result == .sound, "present does not read the bytes") }
  }

  @Test(arguments: [VerificationLevel.present, .intact, .readable, .restored])
  func aTruncatedAndAMissingVolumeAreFoundAtEveryLevel(_ level: VerificationLevel) throws {
    let house = try stored()
    let volumes = try house.volumes()
    try Command.succeed("truncate", ["-s", "-1", path(house, volumes[1])])
    try Command.succeed("rm", [path(house, volumes[2])])
    let verification = try only(house, level)
    #expect(verification.result == .damaged)
    let about = verification.findings.filter { $0.code == .wrongSize || $0.code == .missing }
    #expect(about.map(\.code) == [.wrongSize, .missing])
  }

  @Test func swappedVolumesAreFound() throws {
    let house = try stored()
    let volumes = try house.volumes().map { path(house, $0) }
    let (first, second) = (try FileContent.read(volumes[0]), try FileContent.read(volumes[1]))
    try FileContent.write(second, to: volumes[0])
    try FileContent.write(first, to: volumes[1])
    let verification = try only(house, .intact)
    #expect(verification.result == .damaged)
    #expect(verification.findings.count == 2)
  }

  @Test func aReplayedManifestIsFound() throws {
    let house = try stored()
    let old = try #require(try house.manifests().first)
    try house.write("file-0", "changed")
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 3600) }
    try house.backup()
    let new = try #require(try house.manifests().last)
    #expect(old != new)
    try FileContent.write(try FileContent.read(path(house, old)), to: path(house, new))
    let verification = try only(house, .present)
    #expect(verification.result == .damaged)
    #expect(verification.findings.first?.detail.contains("moved or replayed") == true)
    #expect(throws: VerifyError.self) { try house.restore() }
  }

  @Test func aManifestThatIsMissingIsNoSnapshot() throws {
    let house = try stored()
    try Command.succeed("rm", [path(house, try #require(try house.manifests().first))])
    #expect(try house.verify(.present).isEmpty)
    let listed = try house.makeKeeper().list(SnapshotSelection(snapshots: .all))
    #expect(listed.map(\.isFinished) == [false])
  }

  @Test func damageCostsWhatLiesInTheVolumeAndNothingElse() throws {
    let house = try stored()
    // The volume that holds file-1 alone.
    try flip(path(house, try house.volumes()[1])) { $0 / 2 }
    let (folder, report) = try house.restore()
    #expect(!report.findings.isEmpty)
    let root = "\(folder)/\(house.sourceEntry)"
    for name in ["file-0", "file-2", "file-3", "large"] {
      #expect(try FileContent.read("\(root)/\(name)") == (try FileContent.read("\(house.source)/\(name)")), "\(name)")
    }
    #expect(!Paths.exists("\(root)/file-1"))
    #expect(report.findings.contains { $0.path.hasSuffix("file-1") })
  }

  @Test func aDamagedPieceOfALargeFileLeavesNoHalfFile() throws {
    let house = try stored()
    // "large" begins in the last volumes and spans several.
    try flip(path(house, try #require(try house.volumes().last))) { $0 / 2 }
    let (folder, report) = try house.restore()
    #expect(!Paths.exists("\(folder)/\(house.sourceEntry)/large"))
    #expect(report.findings.contains { $0.path.hasSuffix("/large") })
  }

  @Test func aSoundCopyElsewhereHelpsOut() throws {
    let house = try Household(destinations: ["disk", "other"])
    for number in 0..<4 { try house.write("file-\(number)", Household.noise(700_000, seed: UInt64(number + 1))) }
    try house.backup()
    let volumes = try house.volumes()
    try flip(path(house, volumes[0])) { $0 / 2 }
    try Command.succeed("rm", ["\(house.folder.path)/other/\(volumes[1])"])
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(try house.differences(house.source, "\(folder)/\(house.sourceEntry)") == "")
  }

  // MARK: Signatures and keys

  @Test func aManifestSignedByAStrangerIsDamaged() throws {
    let house = try stored()
    house.keeper.nodes[0].trustedSigners = [house.keys.recipient]
    let verification = try only(house, .present)
    #expect(verification.result == .damaged)
    #expect(verification.findings.map(\.code) == [.untrustedSigner])
  }

  @Test func anUnsignedManifestIsDamaged() throws {
    let house = try stored()
    let manifest = path(house, try #require(try house.manifests().first))
    let plain = try house.keys.keeper.gpg(["--decrypt", manifest]).output
    let unsigned = try house.keys.keeper.gpg(
      ["--trust-model", "always", "-z", "0", "--encrypt", "--recipient", house.keys.recipient], input: plain
    ).output
    try FileContent.write(unsigned, to: manifest)
    let verification = try only(house, .present)
    #expect(verification.result == .damaged)
    #expect(verification.findings.map(\.code) == [.unsigned])
    #expect(throws: VerifyError.self) { try house.restore() }
  }

  @Test func withoutThePrivateKeyNothingIsKnown() throws {
    let house = try stored()
    let empty = try TestKeyRing()
    try empty.importPublic(house.keys.signer, from: house.keys.node)
    house.keeper.keys.gnupgHome = empty.home
    let verification = try only(house, .readable)
    #expect(verification.result == .unchecked, "not damage: it could not be checked")
    #expect(verification.reason?.isEmpty == false)
    #expect { try house.restore() } throws: { ($0 as? VerifyError)?.code == .keys }
    #expect(!Paths.exists("\(house.folder.path)/restored/\(house.sourceEntry)"))
  }
}
