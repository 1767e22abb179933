import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Destinations that are not always there.
@Suite struct RemovableMediaTests {
  /// A household with `disk`, which is always there, and `usb`, which is where `mount` says.
  private func house(_ mode: SetConfiguration.Mode) throws -> Household {
    let house = try Household(destinations: ["disk", "usb"], mode: mode)
    house.node.destinations[1].location = .removable
    for medium in ["a", "b"] {
      try Paths.makeFolders("\(house.folder.path)/medium-\(medium)")
      try MediumMarker().write(in: "\(house.folder.path)/medium-\(medium)")
    }
    for number in 0..<3 { try house.write("file-\(number)", Household.noise(400_000, seed: UInt64(number + 1))) }
    return house
  }

  /// Puts a medium, or the empty folder that it is mounted on, at the destination's path.
  private func mount(_ medium: String?, _ house: Household) throws {
    let path = "\(house.folder.path)/usb"
    try Command.succeed("sh", ["-c", "if [ -L \"$1\" ]; then rm \"$1\"; else rmdir \"$1\"; fi", "sh", path])
    if let medium {
      try Command.succeed("ln", ["-s", "medium-\(medium)", path])
    } else {
      try Paths.makeFolders(path)
    }
  }

  private func night(_ number: Int64, _ house: Household) {
    let now = Timestamp.now().seconds + number * 86400
    house.clock = { Timestamp(seconds: now) }
  }

  private func skipped(_ outcome: SetOutcome?) -> [String] {
    outcome?.destinations.filter { $0.skipped == "not-mounted" }.map(\.name) ?? []
  }

  /// Bytes of volumes and manifests.
  private func size(_ place: String, _ house: Household) throws -> UInt64 {
    try DirectoryStore("\(house.folder.path)/\(place)").list(prefix: "peer-1/data/").reduce(0) { $0 + $1.size }
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aMediumThatIsNotThereIsSkipped(_ mode: SetConfiguration.Mode) throws {
    let house = try house(mode)
    let outcomes = try house.backup()
    #expect(outcomes.map(\.status) == [.stored])
    #expect(skipped(outcomes.first) == ["usb"])
    #expect(outcomes.first?.destinations.map(\.stored) == [true, false])
    #expect(try Command.succeed("find", ["\(house.folder.path)/usb"]).lines.count == 1, "nothing is written there")
    // No folder at all is the same.
    try Command.succeed("rmdir", ["\(house.folder.path)/usb"])
    night(1, house)
    #expect(skipped(try house.backup().first) == ["usb"])
    #expect(!Paths.exists("\(house.folder.path)/usb"))
    let records = try CatalogFile.records("\(house.node.state)/catalog.jsonl")
    let stored = try #require(
      records.compactMap { if case .snapshot(let stored) = $0.event { stored } else { nil } }.last)
    #expect(stored.destinations.last == DestinationOutcome(name: "usb", stored: false, skipped: "not-mounted"))
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aMediumThatComesGetsTheSnapshotAndTheWholeCatalog(_ mode: SetConfiguration.Mode) throws {
    let house = try house(mode)
    for number in 0..<3 {
      night(Int64(number), house)
      try house.backup()
    }
    try mount("a", house)
    night(4, house)
    let outcomes = try house.backup()
    #expect(outcomes.map(\.status) == (mode == .full ? [.stored] : [.unchanged, .stored]))
    #expect(!outcomes.flatMap(\.destinations).contains { !$0.stored })
    let segments = try house.objects("medium-a").filter { $0.contains("/catalog/") }.sorted()
    let elsewhere = try house.objects("disk").filter { $0.contains("/catalog/") }.sorted()
    #expect(segments == elsewhere)
    #expect(segments.count == (mode == .full ? 8 : 10))
    #expect(try house.objects("medium-a").contains("peer-1/recover-1.sh"))
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound, .sound], "\(verified.flatMap(\.findings))")
  }

  /// What a month away costs: the medium is sent what changed, and the others nothing.
  @Test func aMediumThatReturnsGetsWhatChangedAndCostsTheOthersNothing() throws {
    let house = try house(.incremental)
    try mount("a", house)
    try house.backup()
    try mount(nil, house)
    let whole = try size("medium-a", house)
    for number in 1...29 {
      night(Int64(number), house)
      try house.write("file-1", Household.noise(400_000, seed: UInt64(100 + number)))
      #expect(skipped(try house.backup().first) == ["usb"])
    }
    let (disk, medium) = (try size("disk", house), try size("medium-a", house))
    #expect(medium == whole)
    try mount("a", house)
    night(30, house)
    let outcomes = try house.backup()
    #expect(outcomes.map(\.status) == [.unchanged, .stored])
    #expect(try size("disk", house) == disk, "the others get nothing on its account")
    let sent = try size("medium-a", house) - medium
    #expect(sent > 400_000 && sent < 450_000, "\(sent) bytes for the one file that is another one now")
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound, .sound], "\(verified.flatMap(\.findings))")
    night(31, house)
    #expect(try house.backup().map(\.status) == [.unchanged, .unchanged])
  }

  @Test func mediaThatTakeTurnsAreEachSentTheirOwnDifference() throws {
    let house = try house(.incremental)
    var sizes: [String: UInt64] = [:]
    for number in 0..<8 {
      let medium = number.isMultiple(of: 2) ? "a" : "b"
      try mount(medium, house)
      night(Int64(number * 7), house)
      try house.write("file-1", Household.noise(400_000, seed: UInt64(200 + number)))
      let disk = number == 0 ? 0 : try size("disk", house)
      #expect(try house.backup().map(\.status) == [.stored, .stored])
      if number > 0 { #expect(try size("disk", house) - disk < 450_000, "turn \(number)") }
      let now = try size("medium-\(medium)", house)
      if let before = sizes[medium] { #expect(now - before < 450_000, "turn \(number)") }
      sizes[medium] = now
      let verified = try house.verify(.restored)
      #expect(verified.map(\.result) == [.sound, .sound], "turn \(number): \(verified.flatMap(\.findings))")
    }
  }

  @Test(arguments: ["emptied", "rolled back"])
  func aMediumThatLostWhatItHadGetsEverything(_ what: String) throws {
    let house = try house(.incremental)
    try mount("a", house)
    try house.backup()
    let medium = "\(house.folder.path)/medium-a"
    try Command.succeed("cp", ["-a", medium, "\(medium).old"])
    night(1, house)
    try house.write("file-1", Household.noise(400_000, seed: 77))
    try house.backup()
    if what == "emptied" {
      try Command.succeed("rm", ["-r", "\(medium)/peer-1/data"])
    } else {
      try Command.succeed("sh", ["-c", "rm -r \"$1\" && mv \"$1.old\" \"$1\"", "sh", medium])
    }
    night(2, house)
    let outcomes = try house.backup()
    #expect(outcomes.map(\.status) == [.unchanged, .stored])
    #expect(try #require(outcomes.last).storedBytes > 1_200_000)
    #expect(house.events.notices.contains { $0.contains("it gets everything") })
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound, .sound], "\(verified.flatMap(\.findings))")
  }

  /// Pulled out in the middle: what is mounted over is not written to, and the next run makes it good.
  @Test(arguments: [SetConfiguration.Mode.full, .incremental], [1, 3, 5])
  func aMediumThatIsPulledOut(_ mode: SetConfiguration.Mode, _ after: Int) throws {
    let house = try house(mode)
    let store = PulledOut("\(house.folder.path)/usb", after: after)
    try mount("a", house)
    house.removable = store
    let outcomes = try house.backup()
    #expect(outcomes.first?.destinations.first?.stored == true)
    let last = try #require(outcomes.last)
    #expect(last.destinations.contains { $0.name == "usb" && !$0.stored && $0.error != nil })
    #expect(try Command.succeed("find", ["\(house.folder.path)/usb"]).lines.count == 1, "nothing is written there")
    house.removable = nil
    try mount("a", house)
    night(1, house)
    #expect(try !house.backup().flatMap(\.destinations).contains { !$0.stored })
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound, .sound], "\(verified.flatMap(\.findings))")
  }

  @Test func whatCannotBeLookedAtIsAFailureAndNoAbsence() throws {
    let house = try house(.full)
    try mount("a", house)
    try FileContent.write(Array("id = x\n".utf8), to: "\(house.folder.path)/medium-a/\(MediumMarker.name)")
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .partial)
    #expect(outcome.destinations.last?.error?.contains("is no marker of a backup medium") == true)
  }

  @Test func aSetOfAbsentMediaAloneFails() throws {
    let house = try house(.full)
    house.node.sets[0].destinations = ["usb"]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    #expect(outcome.reason?.contains("usb is not mounted") == true, "\(outcome.reason ?? "")")
  }

  /// What is not there makes nothing due, and what is there and lacks the snapshot does.
  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func runsOfWhatIsDueWaitForNoMedium(_ mode: SetConfiguration.Mode) throws {
    let house = try house(mode)
    house.node.sets[0].dataClass = "client-database"
    house.node.destinations[1].away = 10 * 86400
    #expect(try house.makeEngine().runDue().outcomes.map(\.status) == [.stored])
    let hour = Timestamp.now().seconds + 3600
    house.clock = { Timestamp(seconds: hour) }
    #expect(try house.makeEngine().runDue().waiting.map(\.set) == ["data"], "the absent medium makes nothing due")
    try mount("a", house)
    let outcomes = try house.makeEngine().runDue().outcomes
    #expect(outcomes.last?.destinations.contains { $0.name == "usb" && $0.stored } == true)
    try mount(nil, house)
    let status = { (days: Int64) in
      try setStatuses(house.node, now: Timestamp(seconds: hour + days * 86400)).first?.destinations.last?.timeliness
    }
    #expect(try status(9) == .inTime)
    #expect(try status(11) == .overdue)
  }

  @Test func aMediumThatStaysAwayIsOverdue() throws {
    let house = try house(.incremental)
    house.node.destinations[1].away = 10 * 86400
    try mount("a", house)
    try house.backup()
    try mount(nil, house)
    night(9, house)
    #expect(try house.backup().flatMap(\.overdue) == [])
    night(11, house)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .unchanged)
    #expect(outcome.overdue.map(\.name) == ["usb"])
    try mount("a", house)
    night(12, house)
    #expect(try house.backup().flatMap(\.overdue) == [])
    try mount(nil, house)
    night(13, house)
    #expect(try house.backup().flatMap(\.overdue) == [], "it was looked at: unchanged counts")
  }
}

/// A medium that is replaced by the folder it is mounted on after some objects.
private final class PulledOut: RemovableWriter {
  private let path: String
  private let store: RemovableStore
  private let count = EventCount()
  private let limit: Int

  init(_ path: String, after limit: Int) {
    self.path = path
    self.limit = limit
    store = RemovableStore(path)
  }

  func presence() throws(StorageError) -> MediumPresence {
    guard case .mounted(var medium) = try store.presence() else { return try store.presence() }
    medium = MountedMedium(
      id: medium.id, writer: Puller(writer: medium.writer, path: path, count: count, limit: limit), holds: medium.holds)
    return .mounted(medium)
  }

  func put(_ upload: Upload) throws(StorageError) { try store.put(upload) }

  private struct Puller: ObjectWriter {
    let writer: any ObjectWriter
    let path: String
    let count: EventCount
    let limit: Int

    func put(_ upload: Upload) throws(StorageError) {
      if count.next() == limit {
        unlink(path)
        mkdir(path, 0o700)
      }
      try writer.put(upload)
    }
  }
}
