internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// `redoubt-verify run`, as a timer starts it.
struct KeeperRunTests {
  /// What no run can do: a person has done it.
  private func attested(_ house: Installation) throws {
    let outcome = try house.keeper(["attest", "wallet-seed-phrases", "--by", "Ada", "--note", "from the plate"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
  }

  private func backedUp() throws -> Installation {
    let house = try Installation()
    try house.write("file", "content\n")
    try house.writeNoise("data", megabytes: 3)
    try #require(house.node(["backup"]).status == 0)
    return house
  }

  @Test func whatIsDueIsProvenAndThenNothingIs() throws {
    let house = try backedUp()
    try attested(house)
    let plan = try house.keeper(["run", "--dry-run"])
    #expect(plan.status == 0 && plan.text.contains("due: ") && !plan.text.contains("sound"), "\(plan.text)")
    let first = try house.keeper(["run"])
    #expect(first.status == 0, "\(first.text)\(first.errorText)")
    #expect(first.text.contains("self-test passed") && first.text.contains("drill: sound"), "\(first.text)")
    #expect(first.text.contains("nothing is left over"))
    let again = try house.keeper(["run", "--json"])
    #expect(again.status == 0, "\(again.errorText)")
    let types = try Installation.json(again).map(\.type)
    #expect(types == ["summary"], "\(types)")
    #expect(try house.keeper(["run"]).text.hasPrefix("nothing is due"))
  }

  @Test func damageEndsARunWithFour() throws {
    let house = try backedUp()
    try attested(house)
    try #require(house.keeper(["run", "--no-drills"]).status == 0)
    let key = try #require(try house.objects().last { $0.contains("volume-") })
    var bytes = try FileContent.read("\(house.disk)/\(key)")
    bytes[bytes.count / 2] ^= 1
    try FileContent.write(bytes, to: "\(house.disk)/\(key)")
    let outcome = try house.keeper(["run", "--no-drills", "--sample", "100%", "--json"])
    #expect(outcome.status == 4, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("wrong-digest"))
    // Told again until it is mended.
    let later = try house.keeper(["run", "--no-drills"])
    #expect(later.status == 4 && later.errorText.contains("is damaged, as was found on"), "\(later.errorText)")
  }

  @Test func whatIsStaleIsToldBesideWhatIsSound() throws {
    let house = try backedUp()
    // Sound, and yet nobody has ever tested the paper copy.
    let outcome = try house.keeper(["run", "--no-drills"])
    #expect(outcome.status == 5, "\(outcome.text)\(outcome.errorText)")
    #expect(outcome.text.contains("readable: sound") && outcome.errorText.contains("wallet-seed-phrases"))
  }

  @Test func aBudgetIsKeptAndToldInFigures() throws {
    let house = try backedUp()
    try attested(house)
    let small = try house.keeper(["run", "--no-drills", "--budget", "64 KiB"])
    #expect(small.errorText.contains("the budget does not keep up: "), "\(small.errorText)")
    #expect(small.errorText.contains("a budget of ") && small.errorText.contains("a run would keep up"))
    #expect(small.status == 1, "not even the self-test fits: \(small.status)")
    #expect(small.errorText.contains("nothing was verified"))
    let enough = try house.keeper(["run", "--no-drills", "--budget", "1GB", "--max-time", "1h"])
    #expect(enough.status == 0 && enough.text.contains("the budget keeps up: "), "\(enough.text)\(enough.errorText)")
  }

  @Test(
    arguments: [
      ["--shard", "5/4"], ["--budget", "some"], ["--budget", "0"], ["--max-time", "soon"], ["--sample", "5"],
      ["--sample", "101%"], ["--level", "restored"], ["--level", "most"],
    ])
  func wrongUsageIsRefused(_ arguments: [String]) throws {
    let house = try Installation()
    let outcome = try house.keeper(["run"] + arguments)
    #expect(outcome.status == 64, "\(outcome.errorText)")
    #expect(!Paths.exists("\(house.folder("keeper"))/catalog.jsonl"))
  }

  @Test func workersShareTheirWork() throws {
    let house = try Installation()
    house.sets = try (0..<4).map { number in
      try house.write("set-\(number)/file", "content \(number)\n")
      return Installation.Source(name: "set-\(number)", paths: ["\(house.source)/set-\(number)"])
    }
    try house.configure()
    try #require(house.node(["backup"]).status == 0)
    try attested(house)
    var sound = 0
    for number in 1...3 {
      let outcome = try house.keeper(["run", "--no-drills", "--shard", "\(number)/3", "--json"])
      #expect(outcome.status == 0, "\(outcome.errorText)")
      sound += try Installation.json(outcome).count { $0.type == "verification" && $0.result == "sound" }
    }
    #expect(sound == 4)
    #expect(try house.keeper(["run", "--no-drills"]).text.hasPrefix("nothing is due"))
    #expect(try house.keeper(["list"]).lines.count { $0.contains("sound") } == 4)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsARunInOrder(_ signal: Int32) throws {
    let server = try S3Server.shared(.moto)
    let bucket = try server.makeBucket()
    let house = try Installation([.s3(server, bucket: bucket)])
    house.use(server)
    try house.writeNoise("data", megabytes: 6)
    try #require(house.node(["backup"]).status == 0)
    try attested(house)
    // Proven that this keeper notices, so that the run fetches what it proves.
    let scratch = try house.keeper(["self-test"])
    #expect(scratch.status == 0, "\(scratch.errorText)")
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: 4500)
    defer { gate.stop() }
    house.destinations = [.s3(server, bucket: bucket, endpoint: gate.url)]
    try house.configure()
    let run = try Command(
      Installation.Program.redoubtVerify.path,
      ["run", "--no-drills", "--json", "--config", house.folder("verify.toml")], environment: house.environment)
    #expect(gate.waitUntilHeld())
    // Who comes meanwhile is turned away.
    let second = try house.keeper(["run", "--no-drills"])
    #expect(second.status == 75 && second.errorText.contains("another run holds"), "\(second.errorText)")
    run.signal(signal)
    let outcome = try run.wait(timeout: 30)
    #expect(outcome.status == 1, "\(outcome.status) \(outcome.errorText)")
    #expect(outcome.errorText.contains("stopped by a signal"), "\(outcome.errorText)")
    gate.cut()
    house.destinations = [.s3(server, bucket: bucket)]
    try house.configure()
    let rest = try house.keeper(["run", "--no-drills"])
    #expect(rest.status == 0 && rest.text.contains("nothing is left over"), "\(rest.text)\(rest.errorText)")
  }
}
