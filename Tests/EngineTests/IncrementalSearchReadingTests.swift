import Archive
import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// What the keeper tells of snapshots that the node stored, in both modes.
@Suite struct IncrementalSearchReadingTests {
  private func later(_ house: Household, _ seconds: Int64) {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + seconds) }
  }

  @Test func aTreeOfEveryKindComesBack() throws {
    let house = try Household(mode: .incremental)
    // More than one MiB of listing, so that it is stored as chunks.
    // Few in a folder: the size of a folder that grew depends on the order its files came in.
    try Command.succeed(
      "sh",
      [
        "-c",
        """
        cd '\(house.source)' && name=$(printf 'n%.0s' $(seq 200)) && for folder in $(seq 300); do
          mkdir $folder && for file in $(seq 10); do echo "$folder $file" > "$folder/$name-$file"; done
        done
        """,
      ])
    try house.write("large", Household.noise(9_000_000))
    try house.write("empty", [])
    try Command.succeed(
      "sh",
      [
        "-c",
        """
        cd '\(house.source)' && ln large hard && ln -s large link && mkfifo fifo && truncate -s 20M sparse \
        && printf X | dd of=sparse bs=1 seek=9M conv=notrunc status=none && setfattr -n user.note -v value large
        """,
      ])
    #expect(try house.backup().first?.status == .stored)
    for level in [VerificationLevel.readable, .restored] {
      let verification = try #require(try house.verify(level).first)
      #expect(verification.result == .sound, "\(level): \(verification.findings) \(verification.reason ?? "")")
    }
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(try house.differences(house.source, "\(folder)/\(house.sourceEntry)") == "")
    let blocks = try Command.succeed("stat", ["-c", "%b", "\(folder)/\(house.sourceEntry)/sparse"]).lines
    #expect(Int(blocks[0]) ?? .max < 20_000, "holes stay holes")
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func differencesAndVersionsAreTold(_ mode: SetConfiguration.Mode) throws {
    let house = try Household(mode: mode)
    for name in ["changed", "chmod", "removed", "same", "sub/kind"] { try house.write(name, "\(name)\n") }
    try house.backup()
    try house.write("changed", "CHANGED\n")
    try house.write("added", "new\n")
    try Command.succeed(
      "sh",
      ["-c", "cd '\(house.source)' && chmod 600 chmod && rm removed sub/kind && mkdir sub/kind && touch -r same ."])
    later(house, 60)
    try house.backup()
    let keeper = house.makeKeeper()
    let ids = try keeper.list(SnapshotSelection(snapshots: .all)).map(\.reference.snapshot)
    try #require(ids.count == 2)
    let manifests = try ids.map { try keeper.open(SnapshotSelection(snapshots: .one($0))).1 }
    var found: [String: SnapshotDifference.Kind] = [:]
    try SnapshotDifference.compare(manifests[0], manifests[1]) { difference in
      let path = String(decoding: difference.path, as: UTF8.self).dropFirst(house.sourceEntry.count + 1)
      if !path.isEmpty { found[String(path)] = difference.kind }
    }
    #expect(
      found == [
        "added": .added, "changed": .content, "chmod": .metadata, "removed": .removed, "sub": .metadata,
        "sub/kind": .content,
      ])

    func search(_ pattern: String) throws -> [String] {
      var lines: [String] = []
      let isComplete = try keeper.find(try PathPattern(pattern), in: SnapshotSelection(snapshots: .all)) {
        reference, entry in
        let name = String(decoding: entry.path, as: UTF8.self).split(separator: "/").last ?? ""
        lines.append("\(reference.snapshot == ids[0] ? 1 : 2) \(name) \(entry.size)")
      }
      #expect(isComplete)
      return lines
    }
    #expect(try search("source/chang") == ["1 changed 8", "2 changed 8"])
    #expect(try search("rem*") == ["1 removed 8"])
    #expect(try search("/**/sub/k?nd").map { $0.prefix(6) } == ["1 kind", "2 kind"])
    #expect(try search("nothing") == [])
    #expect(throws: VerifyError.self) { try PathPattern("") }
    #expect(throws: VerifyError.self) { try PathPattern("[") }
    // A snapshot that cannot be opened is no reason to hide the other.
    unlink("\(house.folder.path)/disk/peer-1/data/\(ids[0])/manifest.tar.zst.gpg")
    try FileContent.write([0], to: "\(house.folder.path)/disk/peer-1/data/\(ids[0])/manifest.tar.zst.gpg")
    var count = 0
    let isComplete = try keeper.find(try PathPattern("changed"), in: SnapshotSelection(snapshots: .all)) { _, _ in
      count += 1
    }
    #expect(!isComplete && count == 1)
  }
}
