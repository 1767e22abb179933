import Backup
import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// No finding where nothing is wrong: generated trees, night after night, at every level, in both modes.
///
/// `REDOUBT_TREES=500` tries so many trees in each mode in place of a few.
@Suite struct SoundTreesTests {
  private static let trees = getenv("REDOUBT_TREES").flatMap { Int(String(cString: $0)) } ?? 4
  private static let nights = 3
  private static let start: Int64 = 1_790_000_000

  private func expectSound(_ house: Household, _ name: String) throws {
    for level in VerificationLevel.allCases {
      let found = try #require(try house.verify(level).first, "\(name)")
      #expect(
        found.result == .sound && found.findingCount == 0,
        "\(name) at \(level): \(found.result) \(found.findings) \(found.reason ?? "")")
    }
  }

  private func night(_ number: Int, _ house: Household) throws {
    house.clock = { Timestamp(seconds: Self.start + Int64(number) * 86400) }
    let outcome = try #require(try house.backup().first)
    #expect([.stored, .partial, .unchanged].contains(outcome.status), "\(outcome)")
  }

  @Test(arguments: SetConfiguration.Mode.allCases, 0..<trees)
  func generatedTrees(_ mode: SetConfiguration.Mode, _ seed: Int) throws {
    let house = try Household(mode: mode)
    house.node.sets[0].volumeSize = [256 << 10, 1 << 20, 4 << 20][seed % 3]
    // As for snapshots of millions of files: sorted on disk.
    if seed % 2 == 1 { house.chunksInMemory = seed % 100 + 1 }
    try RandomTree.make(in: house.source, seed: 1000 + seed)
    for number in 0..<Self.nights {
      if number > 0 { try RandomTree.change(in: house.source, seed: seed * 100 + number) }
      try night(number, house)
      try expectSound(house, "tree \(seed), \(mode), night \(number)")
    }
    // The first night's snapshot as well, now that others share its volumes.
    let all = try house.verify(.readable, SnapshotSelection(snapshots: .all))
    #expect(all.allSatisfy { $0.result == .sound && $0.findingCount == 0 }, "tree \(seed), \(mode): \(all)")
    let looks = try house.makeKeeper().observe()
    #expect(looks.flatMap(\.findings).isEmpty && looks.flatMap(\.unchecked).isEmpty, "\(looks)")
  }

  /// Trees of one kind each.
  enum Shape: String, CaseIterable {
    case nothing, oneEmptyFile, hostile, manySmall, large, hole, deepFolders

    var script: String {
      switch self {
      case .nothing, .hostile: ":"
      case .oneEmptyFile: ": > empty"
      // Their listing is longer than a manifest holds itself.
      case .manySmall:
        "python3 -c 'import os\nfor a in range(60):\n os.mkdir(f\"folder-{a}\")\n for b in range(90): open(f\"folder-{a}/file-{a}-{b}\", \"w\").write(str(a * b % 700))'"
      case .large: "head -c 24000000 /dev/urandom > large; head -c 3000000 large > copy"
      case .hole: "truncate -s 300M hole; printf x | dd of=hole bs=1 seek=200000000 conv=notrunc status=none"
      case .deepFolders: "for n in $(seq 150); do mkdir d$n; cd d$n; : > file; done"
      }
    }
  }

  @Test(arguments: SetConfiguration.Mode.allCases, Shape.allCases)
  func treesOfOneKind(_ mode: SetConfiguration.Mode, _ shape: Shape) throws {
    let house = try Household(mode: mode)
    try Command.succeed("sh", ["-ec", shape.script], folder: house.source)
    if shape == .hostile { try HostileTree.make(in: house.source, [.deep]) }
    try night(0, house)
    try expectSound(house, "\(shape), \(mode)")
  }
}
