import Files
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// `redoubt-verify retire` and `acknowledge`, as they are installed, and what the other commands make of them.
@Suite struct KeeperDecisionTests {
  private func makeInstallation() throws -> Installation {
    let house = try Installation()
    house.alerts = "metrics-file = \"\(house.folder("redoubt.prom"))\""
    try house.configure()
    try house.write("file", "content")
    #expect(try house.node(["backup"]).status == 0)
    let attested = try house.keeper(["attest", "wallet-seed-phrases", "--by", "Ada", "--note", "Read the plate"])
    #expect(attested.status == 0, "\(attested.errorText)")
    return house
  }

  private func metrics(_ house: Installation) throws -> String {
    String(decoding: try FileContent.read(house.folder("redoubt.prom")), as: UTF8.self)
  }

  @Test func aLostSnapshotIsAcknowledgedAndOnlyThat() throws {
    let house = try makeInstallation()
    try house.write("file", "changed")
    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.keeper(["run"]).status == 0)
    let manifest = try #require(try house.manifests().first)
    let snapshot = String(manifest.split(separator: "/")[2])
    try Command.succeed("rm", ["-r", "\(house.disk)/peer-1/data/\(snapshot)"])
    for command in [["catalog", "check"], ["run"], ["status"]] {
      let outcome = try house.keeper(command)
      #expect(outcome.status == 4, "\(command): \(outcome.text)\(outcome.errorText)")
    }
    let told = try house.keeper(["status"])
    #expect(
      told.text.contains("redoubt-verify acknowledge \(snapshot) --host peer-1 --destination disk"), "\(told.text)")

    let words = ["--by", "Ada", "--note", "deleted by mistake"]
    #expect(try house.keeper(["acknowledge", "latest", "--destination", "disk"] + words).status == 1)
    #expect(try house.keeper(["acknowledge", snapshot, "--destination", "dsk"] + words).status == 1)
    #expect(try house.keeper(["acknowledge", snapshot, "--destination", "disk"]).status == 64)
    let done = try house.keeper(["acknowledge", snapshot, "--destination", "disk"] + words)
    #expect(done.status == 0 && done.text.contains("1 finding acknowledged"), "\(done.text)\(done.errorText)")
    #expect(try house.keeper(["acknowledge", snapshot, "--destination", "disk"] + words).status == 1)

    let check = try house.keeper(["catalog", "check"])
    #expect(check.status == 0 && check.text.contains("acknowledged by Ada"), "\(check.text)\(check.errorText)")
    let run = try house.keeper(["run"])
    #expect(run.status == 0, "\(run.text)\(run.errorText)")
    let status = try house.keeper(["status"])
    #expect(status.status == 0 && status.text.contains("was acknowledged by Ada"), "\(status.text)")
    #expect(try metrics(house).contains(",severity=\"damage\"} 0\n"))
    let shown = try house.keeper(["catalog", "show", "--type", "damage-acknowledgement"])
    #expect(shown.lines.count == 1 && shown.text.contains("\(snapshot) at disk acknowledged"), "\(shown.text)")
    #expect(try house.keeper(["report", "--html", house.folder("page.html")]).status == 0)

    // Taken back, it is damage again.
    let undone = try house.keeper(["acknowledge", snapshot, "--destination", "disk", "--undo"] + words)
    #expect(undone.status == 0, "\(undone.errorText)")
    #expect(try house.keeper(["status"]).status == 4)
  }

  @Test func damageThatIsAcknowledgedEndsNoCommandWithFour() throws {
    let house = try makeInstallation()
    #expect(try house.keeper(["run"]).status == 0)
    let volume = try #require(try house.objects().first { $0.contains("/volume-") })
    let snapshot = String(volume.split(separator: "/")[2])
    try Command.succeed("truncate", ["-s", "-1", "\(house.disk)/\(volume)"])
    #expect(try house.keeper(["verify"]).status == 4)
    let place = "{host=\"peer-1\",set=\"data\",destination=\"disk\",level=\"readable\"}"
    #expect(try metrics(house).contains("redoubt_verification_damaged_snapshots\(place) 1\n"))
    let words = ["--by", "Ada", "--note", "a disk is dying"]
    #expect(try house.keeper(["acknowledge", snapshot, "--destination", "disk"] + words).status == 0)
    for command in [["verify"], ["run"], ["status"]] {
      let outcome = try house.keeper(command)
      #expect(outcome.status != 4, "\(command): \(outcome.text)\(outcome.errorText)")
    }
    let verified = try house.keeper(["verify"])
    #expect(verified.status == 0 && verified.text.contains("damaged, as is acknowledged"), "\(verified.text)")
    #expect(try metrics(house).contains("redoubt_verification_damaged_snapshots\(place) 0\n"))
    #expect(unlink("\(house.disk)/\(volume)") == 0)
    #expect(try house.keeper(["verify"]).status == 4)
  }

  @Test func aRetiredSetIsAskedForNoMore() throws {
    let house = try makeInstallation()
    house.sets.append(Installation.Source(name: "shop", paths: [house.source]))
    try house.configure()
    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.keeper(["run"]).status == 0)
    let words = ["--by", "Ada", "--note", "sold"]
    for name in ["shop", "peer-1/shop/x"] { #expect(try house.keeper(["retire", name] + words).status == 64) }
    for name in ["peer-1/shp", "peer-2/shop", "/shop"] {
      #expect(try house.keeper(["retire", name] + words).status == 1)
    }
    #expect(try house.keeper(["retire", "peer-1/shop", "--undo"] + words).status == 1)
    let retired = try house.keeper(["retire", "peer-1/shop"] + words)
    #expect(retired.status == 0, "\(retired.errorText)")
    #expect(!(try metrics(house)).contains("set=\"shop\""), "no alert rule has anything to go by")

    let status = try house.keeper(["status"])
    #expect(status.status == 0 && status.text.contains("peer-1/shop: retired at "), "\(status.text)")
    #expect(status.lines.first == "safe: the one copy is in time, and proven as often as asked for", "\(status.text)")
    let json = try house.keeper(["status", "--json", "--set", "shop"])
    #expect(json.text.contains("\"retired\":{\"time\":\""), "\(json.text)")
    #expect(try house.keeper(["report", "--html", house.folder("page.html")]).status == 0)
    let page = String(decoding: try FileContent.read(house.folder("page.html")), as: UTF8.self)
    #expect(page.contains("by Ada: sold. Nothing more is asked of it."))
    #expect(try house.keeper(["verify", "--set", "shop"]).status == 0)

    // The node has not heard of it.
    try house.write("file", "more")
    usleep(1_100_000)
    #expect(try house.node(["backup"]).status == 0)
    let again = try house.keeper(["status", "--look"])
    #expect(again.status == 5 && again.text.contains("has backups again"), "\(again.text)\(again.errorText)")
    #expect(try house.keeper(["retire", "peer-1/shop", "--undo"] + words).status == 0)
    #expect(try house.keeper(["catalog", "show", "--type", "retirement"]).lines.count == 2)
  }
}
