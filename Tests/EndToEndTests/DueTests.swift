internal import Files
internal import TestKit
internal import Testing

/// `backup --due` and `status` as a timer and a person call them.
struct DueTests {
  private static let zones = ["UTC", "America/New_York", "Pacific/Kiritimati", "Europe/Berlin", ":/no/such/zone"]

  @Test func whatIsDueIsBackedUpOnceWhateverTheTimeZone() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    let before = try house.node(["status"])
    #expect(before.status == 5)
    #expect(before.lines.first == "not safe: data at disk was never backed up")
    #expect(before.text.contains("\nwallet-seed-phrases   offline; attested at the keeper\n"), "\(before.text)")
    #expect(before.text.contains("\nserver-configs        weekly; no set\n"))
    let dry = try house.node(["backup", "--due", "--dry-run"])
    #expect(dry.status == 0 && dry.text.hasPrefix("data: would store"), "\(dry.text)\(dry.errorText)")
    #expect(!Paths.exists(house.state))

    let first = try house.node(["backup", "--due", "--json"])
    #expect(first.status == 0, "\(first.text)\(first.errorText)")
    #expect(try Installation.json(first).filter { $0.type == "set" }.map(\.status) == ["stored"])
    let objects = try house.objects()
    var answers: Set<String> = []
    for zone in Self.zones {
      house.environment["TZ"] = zone
      let outcome = try house.node(["backup", "--due"])
      #expect(outcome.status == 0 && outcome.errorText == "", "\(outcome.errorText)")
      #expect(outcome.text.hasSuffix("\nnothing is due\n"))
      answers.insert(outcome.text)
      let status = try house.node(["status", "--json"])
      #expect(status.status == 0)
      let line = try #require(status.lines.first { $0.hasPrefix(#"{"type":"set""#) })
      #expect(line.contains(#""timeliness":"in-time","due":false,"due-from":"20"#), "\(line)")
      #expect(status.lines.last?.contains(#""safe":true,"sets":1,"copies":1,"overdue":0,"due":0"#) == true)
      #expect(status.lines.filter { $0.hasPrefix(#"{"type":"class""#) }.count == 5)
    }
    #expect(answers.count == 1, "\(answers)")
    #expect(try house.objects() == objects)
    #expect(answers.first?.hasPrefix("data: next due 20") == true)
  }

  @Test func anotherRunsLockIsTold() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    try Paths.makeFolders(house.state)
    let lock = try #require(try FileLock.acquire("\(house.state)/lock"))
    let outcome = try house.node(["backup", "--due"])
    withExtendedLifetime(lock) { #expect(outcome.status == 75, "\(outcome.errorText)") }
  }

  /// What a keeper found is shown where it was brought to the node, and believed.
  @Test func theKeepersWordIsShown() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    #expect(try house.node(["backup", "--due"]).status == 0)
    func status(_ result: String, _ time: String) throws -> Command.Outcome {
      let text = """
        {"v": 1, "verifications": [{"set": "data", "destination": "disk", "snapshot": "s", "level": "readable",
        "result": "\(result)", "time": "\(time)"}]}
        """
      try FileContent.write(Array(text.utf8), to: "\(house.state)/verification.json")
      return try house.node(["status"])
    }
    let now = Timestamp.now().rfc3339
    let sound = try status("sound", now)
    #expect(sound.status == 0 && sound.text.contains("verified readable: sound, "), "\(sound.text)")
    let damaged = try status("damaged", now)
    #expect(damaged.status == 5)
    #expect(damaged.lines.first == "not safe: data at disk is damaged, as the keeper found since \(now)")
    let old = try status("sound", "2020-01-01T00:00:00Z")
    #expect(old.status == 5 && old.lines.first?.hasPrefix("not safe: data at disk was not verified for ") == true)
    let broken = try status("perfect", now)
    #expect(broken.status == 0 && broken.errorText.contains("verification.json"))
  }
}
