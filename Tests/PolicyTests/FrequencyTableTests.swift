import Files
import Policy
import Testing

@Suite struct FrequencyTableTests {
  /// The folder of Package.swift.
  static let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))

  @Test func theBuiltInTableIsTheFile() throws {
    let text = String(
      decoding: try FileContent.read("\(Self.package)/Schedules/frequency.toml"), as: UTF8.self)
    #expect(try FrequencyTable(text) == .standard)
    let source = String(
      decoding: try FileContent.read("\(Self.package)/Sources/Policy/FrequencyTableText.swift"), as: UTF8.self)
    let embedded = source.split(separator: "\"\"\"\n", maxSplits: 1)[1].split(separator: "\n  \"\"\"")[0]
    let lines = embedded.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("  ") ? $0.dropFirst(2) : $0 }
    #expect(lines.joined(separator: "\n") == text)
  }

  @Test func saysWhatTheHandbookSays() throws {
    let table = FrequencyTable.standard
    #expect(
      table.names == [
        "wallet-seed-phrases", "node-configurations", "client-database", "server-configs", "monitoring-configs",
      ])
    let database = try #require(table["client-database"])
    #expect(database.frequency == .daily)
    #expect(database.frequency.interval == 86400)
    #expect(database.storage == [[.offsite, .cloud]])
    #expect(database.verificationInterval == 31 * 86400)
    #expect(database.drillInterval == Int64(92 * 86400))
    #expect(table["wallet-seed-phrases"]?.isOffline == true)
    #expect(table["wallet-seed-phrases"]?.frequency.interval == nil)
    #expect(table["wallet-seed-phrases"]?.drillInterval == nil)
    #expect(table["server-configs"]?.frequency.interval == Int64(7 * 86400))
    for name in ["server-configs", "monitoring-configs"] { #expect(table[name]?.storage == [[.git]]) }
    for name in ["node-configurations", "monitoring-configs"] {
      #expect(table[name]?.frequency == .afterEachChange)
      #expect(table[name]?.frequency.interval == 86400, "at least one heartbeat a day")
    }
    #expect(table["node-configurations"]?.storage == [[.cloud, .offsite], [.local, .removable]])
    #expect(table["nothing"] == nil)
  }

  @Test func problemsOfATableAreNamed() throws {
    let text = "[[class]]\nname = \"a\"\nback-up = \"hourly\"\nstorage = [[\"moon\"]]\nverify = \"31\"\n"
    let error = try #require(throws: ConfigurationError.self) { try FrequencyTable(text) }
    #expect(error.problems.map(\.line) == [1, 3])
    #expect(throws: ConfigurationError.self) {
      try FrequencyTable(text.replacing("hourly", with: "daily") + "grace = \"1d\"\n")
    }
  }

  @Test(
    arguments: [
      ("storage = [[\"git\"]]", "storage = [[]]", "class.1.storage: must be an array of arrays of locations"),
      ("verify = \"31d\"", "verify = \"0d\"", "class.1.verify: must be from 1s to 3650d, but is 0d"),
      ("drill = \"92d\"", "drill = \"9999d\"", "class.1.drill: must be from 1s to 3650d, but is 9999d"),
      ("grace = \"1h\"", "grace = \"1\"", "class.1.grace: '1' is no time"),
      ("name = \"a\"", "name = \"A b\"", "class.1.name: 'A b' is no valid name: "),
      ("name = \"a\"", "name = \"b\"", "class.2.name: the name 'b' is taken already"),
      ("back-up = \"daily\"", "back-up = \"hourly\"", "class.1.back-up: 'hourly' is none of once, "),
    ] as [(String, String, String)])
  func aTableIsHeldToItsRules(_ part: String, _ broken: String, _ message: String) throws {
    let text = """
      [[class]]
      name = "a"
      back-up = "daily"
      storage = [["git"]]
      verify = "31d"
      drill = "92d"
      grace = "1h"

      [[class]]
      name = "b"
      back-up = "once"
      storage = []
      verify = "1d"
      grace = "0s"
      """
    #expect(try FrequencyTable(text).names == ["a", "b"])
    let changed = text.split(separator: part, maxSplits: 1).joined(separator: broken)
    let error = try #require(throws: ConfigurationError.self) { try FrequencyTable(changed) }
    #expect(error.problems.count == 1, "\(error)")
    #expect("\(error.problems[0])".contains(message), "\(error)")
  }

  @Test(
    arguments: [
      ("90s", 90), ("30m", 1800), ("12h", 43200), ("31d", 31 * 86400), ("2w", 14 * 86400), ("2 w", 14 * 86400),
    ] as [(String, Int64)])
  func times(_ text: String, _ seconds: Int64) { #expect(Quantity.seconds(text) == seconds) }

  @Test(arguments: ["", "d", "1", "-1d", "1.5d", "1y", "99999999999999999999d", "9999999999999999d", "1  d"])
  func noTimes(_ text: String) { #expect(Quantity.seconds(text) == nil) }

  @Test(
    arguments: [
      (0, "0s"), (59, "59s"), (60, "1m"), (90, "90s"), (3600, "1h"), (5400, "90m"), (86400, "1d"), (90000, "25h"),
      (2_678_400, "31d"), (-60, "-60s"),
    ] as [(Int64, String)])
  func aTimeIsWrittenInTheLargestUnitThatIsWhole(_ seconds: Int64, _ text: String) {
    #expect(Quantity.text(seconds) == text)
  }

  @Test(arguments: [("0", 0), ("32 MiB", 32 << 20), ("32mib", 32 << 20), ("5 GB", 5_000_000_000)] as [(String, Int)])
  func sizes(_ text: String, _ bytes: Int) { #expect(Quantity.bytes(text) == bytes) }

  @Test(arguments: ["", "MiB", "1 M", "-1", "1e3", "9999999999 TiB"])
  func noSizes(_ text: String) { #expect(Quantity.bytes(text) == nil) }
}
