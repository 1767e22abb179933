import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Damage that a person knows of and will not mend: no damage any more, until there is more of it.
@Suite struct AcknowledgementTests {
  private let house: Household
  private let clock = DueTests.Clock(1_800_000_000)
  /// Oldest first.
  private let snapshots: [SnapshotID]

  /// Three snapshots at two destinations, looked at.
  init() throws {
    house = try Household(destinations: ["disk", "offsite"])
    house.clock = { [clock] in Timestamp(seconds: clock.seconds) }
    for index in house.keeper.destinations.indices { house.keeper.destinations[index].location = .offsite }
    var snapshots: [SnapshotID] = []
    for night in 0..<3 {
      try house.write("file", Household.noise(2_500_000, seed: UInt64(night + 1)))
      for outcome in try house.backup() { snapshots.append(outcome.snapshot) }
      clock.seconds += 86400
    }
    self.snapshots = snapshots
    _ = try house.makeKeeper().observe()
  }

  @discardableResult
  private func acknowledge(
    _ numbers: [Int], at destination: String = "disk", undo: Bool = false
  ) throws -> [DamageAcknowledgement] {
    clock.seconds += 60
    defer { clock.seconds += 60 }
    return try house.makeKeeper().acknowledge(
      AcknowledgeRequest(
        snapshots: numbers.map { snapshots[$0] }, destination: destination, by: "Ada", note: "deleted by the provider",
        isUndone: undo))
  }

  private func folder(_ number: Int, _ destination: String = "disk") -> String {
    "\(house.folder.path)/\(destination)/peer-1/data/\(snapshots[number])"
  }

  private func lose(_ number: Int) throws { try Command.succeed("mv", [folder(number), folder(number) + ".lost"]) }

  private func isDamaged() throws -> Bool { try house.makeKeeper().overview().isDamaged }

  private func findings() throws -> [String] {
    try house.makeKeeper().observe().flatMap { $0.findings.map { "\($0.destination) \($0.finding.path)" } }
  }

  private func verify(_ number: Int, _ level: VerificationLevel = .readable, at destination: String = "disk") throws
    -> Verification
  {
    clock.seconds += 60
    return try #require(
      try house.verify(
        level,
        SnapshotSelection(sets: ["data"], destinations: [destination], snapshots: .one(snapshots[number]))
      ).first)
  }

  private func truncate(_ number: Int, volume: Int) throws {
    try Command.succeed("truncate", ["-s", "-1", "\(folder(number))/volume-00000\(volume).tar.zst.gpg"])
  }

  private func damagedInMetrics() throws -> Int {
    try proofStates(ofKeeper: house.keeper.state).reduce(0) { $0 + $1.damaged.count }
  }

  // MARK: Snapshots that are gone

  @Test func aLossIsKnownAndAnotherIsNot() throws {
    try lose(0)
    #expect(try findings() == ["disk data/\(snapshots[0])"])
    #expect(try isDamaged())
    let record = try #require(try acknowledge([0]).first)
    #expect(record.findings.map(\.code) == [.missing] && record.isOfLoss && record.findingCount == 1)
    // At once, without another look, and from then on.
    #expect(try !isDamaged())
    let observation = try #require(try house.makeKeeper().observe().first)
    #expect(observation.findings.isEmpty)
    #expect(observation.acknowledged.map(\.finding.path) == ["data/\(snapshots[0])"])
    let overview = try house.makeKeeper().overview()
    #expect(!overview.isDamaged)
    let notice = try #require(overview.concerns.first { $0.kind == .damage })
    #expect(notice.severity == .notice && notice.text.contains("acknowledged by Ada"), "\(notice)")
    #expect(notice.text.contains("deleted by the provider") && notice.destination == "disk")
    let place = overview.sets.first?.places.first { $0.destination == "disk" }
    #expect(place?.acknowledged.map(\.snapshot) == ["\(snapshots[0])"] && place?.damaged.isEmpty == true)

    // The same elsewhere, and another one here, are damage.
    try Command.succeed("mv", [folder(0, "offsite"), folder(0, "offsite") + ".lost"])
    try lose(1)
    #expect(try findings() == ["disk data/\(snapshots[1])", "offsite data/\(snapshots[0])"])
    #expect(try isDamaged())
    try acknowledge([1])
    try acknowledge([0], at: "offsite")
    #expect(try findings().isEmpty && !isDamaged())

    // Taken back, it counts as before.
    try acknowledge([1], undo: true)
    #expect(try isDamaged())
    #expect(try findings() == ["disk data/\(snapshots[1])"])
  }

  @Test func aRunSaysNoMoreOfIt() throws {
    var request = RunRequest(scratch: "\(house.folder.path)/scratch")
    request.drills = false
    try lose(0)
    try truncate(1, volume: 1)
    let before = try house.makeKeeper().run(request)
    #expect(before.damage.count == 1 && before.observations.flatMap(\.findings).count == 1)
    try acknowledge([0, 1])
    let after = try house.makeKeeper().run(request)
    #expect(after.observations.flatMap(\.findings).isEmpty && after.overview?.isDamaged == false)
    #expect(after.damage.allSatisfy(\.damage.isAcknowledged) && after.damage.count == 1)
    // A third one is told.
    try truncate(1, volume: 2)
    clock.seconds += 86400
    let third = try house.makeKeeper().run(request)
    #expect(third.damage.map(\.damage.isAcknowledged) == [false] && third.overview?.isDamaged == true)
  }

  // MARK: Damaged snapshots

  @Test func whatIsNewEndsIt() throws {
    try truncate(0, volume: 1)
    #expect(try verify(0, .present).result == .damaged)
    #expect(try isDamaged() && damagedInMetrics() == 1)
    try acknowledge([0])
    #expect(try !isDamaged() && damagedInMetrics() == 0)
    // Looked at again, and closer: the files that it costs are no news.
    for level in [VerificationLevel.present, .readable, .restored] {
      let again = try verify(0, level)
      #expect(again.result == .damaged)
      #expect(try house.makeKeeper().acknowledged([again]) == [0], "\(level): \(again.findings)")
      #expect(try !isDamaged() && damagedInMetrics() == 0, "\(level): \(again.findings)")
    }
    // One more volume, or the same in another way, is.
    try truncate(0, volume: 2)
    let more = try verify(0, .present)
    #expect(try house.makeKeeper().acknowledged([more]).isEmpty && isDamaged())
    #expect(try damagedInMetrics() >= 1)
    try acknowledge([0])
    #expect(try !isDamaged())
    #expect(unlink("\(folder(0))/volume-000001.tar.zst.gpg") == 0)
    #expect(try verify(0, .present).result == .damaged)
    #expect(try isDamaged())
  }

  @Test func whatWasMendedIsDamageTheNextTime() throws {
    let volume = "\(folder(0))/volume-000001.tar.zst.gpg"
    let good = try FileContent.read(volume)
    try truncate(0, volume: 1)
    #expect(try verify(0).result == .damaged)
    try acknowledge([0])
    try FileContent.write(good, to: volume)
    #expect(try verify(0).result == .sound)
    #expect(try house.makeKeeper().overview().concerns.allSatisfy { $0.kind != .damage })
    try truncate(0, volume: 1)
    #expect(try verify(0).result == .damaged)
    #expect(try isDamaged() && damagedInMetrics() > 0)
  }

  @Test func aNodeIsToldOfWhatIsOpenAlone() throws {
    try truncate(2, volume: 1)
    #expect(try verify(2).result == .damaged)
    #expect(try house.makeKeeper().overview().notes(for: "peer-1").text.contains("damaged"))
    try acknowledge([2])
    #expect(try !house.makeKeeper().overview().notes(for: "peer-1").text.contains("damaged"))
  }

  // MARK: What is refused

  @Test func onlyDamageIsAcknowledgedAndAllOrNothing() throws {
    let records = { try CatalogFile.records("\(house.keeper.state)/catalog.jsonl").count }
    let before = try records()
    let sound = try #require(throws: VerifyError.self) { try acknowledge([0]) }
    #expect(sound.reason.contains("is not known to be damaged at disk"), "\(sound)")
    try lose(0)
    _ = try house.makeKeeper().observe()
    let looked = try records()
    #expect(looked == before, "the same catalog")
    #expect(throws: VerifyError.self) { try acknowledge([0, 1]) }
    #expect(throws: VerifyError.self) { try acknowledge([0], at: "offsite") }
    #expect(throws: VerifyError.self) { try acknowledge([0], at: "nowhere") }
    #expect(throws: VerifyError.self) { try acknowledge([0], undo: true) }
    for (by, note) in [("", "gone"), ("Ada", " "), ("Ada", "a\u{7}bell")] {
      #expect(throws: VerifyError.self) {
        try house.makeKeeper().acknowledge(
          AcknowledgeRequest(snapshots: [snapshots[0]], destination: "disk", by: by, note: note))
      }
    }
    #expect(try records() == looked)
    try acknowledge([0])
    let again = try #require(throws: VerifyError.self) { try acknowledge([0]) }
    #expect(again.reason.contains("was acknowledged at") && again.reason.contains("by Ada"), "\(again)")
  }
}
