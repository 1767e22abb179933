internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Sources that change under the reader: the run goes on, the snapshot says what happened, and the archive is whole.
struct ChangingSourceTests {
  /// Reading stops in the middle of `big` while the gate holds what is sent: everything in flight is bounded.
  private func gated() throws -> (house: Installation, gate: GatedProxy) {
    let server = try S3Server.shared(.moto)
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: 500_000)
    let house = try Installation([.s3(server, bucket: try server.makeBucket(), endpoint: gate.url)])
    house.use(server)
    // 24 volumes; at most 6 of them are in flight, and a few more are read.
    try house.writeNoise("big", megabytes: 24)
    return (house, gate)
  }

  private struct Change {
    var script: String
    var code: String
    var path: String
    var detail: String
  }

  /// Changes the source in the middle of a run and looks at everything that comes of it.
  private func backUp(_ house: Installation, _ gate: GatedProxy, _ changes: [Change]) throws {
    defer { gate.stop() }
    let run = try house.startNode(["backup", "--json"])
    #expect(gate.waitUntilHeld())
    // What cannot be seen from outside: that reading has come as far as it can get. It takes a fraction of this.
    usleep(1_500_000)
    for change in changes { try Command.succeed("sh", ["-ec", change.script], folder: house.source) }
    gate.release()
    let outcome = try run.wait(timeout: 120)
    #expect(outcome.status == 3, "\(outcome.errorText)")
    let lines = try Installation.json(outcome)
    let set = try #require(lines.first { $0.type == "set" })
    #expect(set.status == "partial")
    let findings = lines.filter { $0.type == "finding" }
    for change in changes {
      let path = String("\(house.source)/\(change.path)".dropFirst())
      let found = findings.filter { $0.path == path }
      #expect(
        found.contains { $0.code == change.code && $0.detail?.contains(change.detail) == true }, "\(found) \(change)")
    }
    // The same findings are in the signed manifest, where standard tools see them.
    let stored = try storedFindings(house)
    for change in changes {
      #expect(stored.contains("\"\(change.code)\"") && stored.contains("/\(change.path)\""), "\(stored)")
    }
    try house.expectSound("restored")
    let next = try house.node(["backup"])
    #expect(next.status == 0, "\(next.errorText)")
    try house.expectSound()
  }

  /// `snapshot.json` of the latest snapshot, read with aws, gpg, zstd and tar.
  private func storedFindings(_ house: Installation) throws -> String {
    let copy = house.folder("copy")
    let server = try S3Server.shared(.moto)
    let bucket = try #require(
      house.destinations[0].settings.split(separator: "bucket = \"").last?.prefix { $0 != "\"" })
    try Command.succeed(
      "\(try S3Server.tools())/aws", ["s3", "cp", "--quiet", "--recursive", "s3://\(bucket)", copy],
      environment: server.environment)
    return try Command.succeed(
      "sh",
      ["-c", "gpg -q -d \"$1\"/peer-1/data/*/manifest.tar.zst.gpg | zstd -d | tar -xO snapshot.json", "sh", copy],
      environment: ["GNUPGHOME": house.keeperHome]
    ).text
  }

  @Test func aFileShrinksAndOthersVanish() throws {
    let (house, gate) = try gated()
    for name in ["later", "later folder/inside", "replaced"] { try house.write(name, "content\n") }
    try backUp(
      house, gate,
      [
        Change(script: "truncate -s 12M big", code: "changed", path: "big", detail: "shrank to"),
        Change(script: "rm later", code: "vanished", path: "later", detail: ""),
        Change(script: "rm -r 'later folder'", code: "vanished", path: "later folder", detail: ""),
      ])
  }

  @Test func aFileGrowsAndIsWrittenTo() throws {
    let (house, gate) = try gated()
    try house.write("later", "content\n")
    try backUp(
      house, gate,
      [
        Change(
          script: "dd if=/dev/zero bs=1M count=3 >>big; printf x | dd of=big seek=20M bs=1 conv=notrunc",
          code: "changed",
          path: "big", detail: "changed while it was read")
      ])
  }

  /// A writer that never stops, at its own pace.
  @Test func filesThatAreWrittenAllTheTime() throws {
    let house = try Installation()
    for name in ["a", "b", "c"] { try house.writeNoise(name, megabytes: 4) }
    let script = """
      import os, random
      names = ['a', 'b', 'c']
      while True:
        n = random.choice(names)
        with open(n, 'r+b') as f:
          random.choice([lambda: f.truncate(random.randrange(1 << 22)), lambda: (f.seek(0, 2), f.write(os.urandom(99999))),
                         lambda: (f.seek(random.randrange(1 << 22)), f.write(b'x'))])()
        open('new%d' % random.randrange(50), 'a').close()
        try: os.unlink('new%d' % random.randrange(50))
        except FileNotFoundError: pass
      """
    let writer = try Command("python3", ["-c", script], folder: house.source)
    var statuses: [Int32] = []
    for _ in 0..<3 {
      let outcome = try house.node(["backup", "--json"])
      statuses.append(outcome.status)
      let findings = try Installation.json(outcome).filter { $0.type == "finding" }
      #expect(findings.allSatisfy { $0.code == "changed" || $0.code == "vanished" }, "\(findings)")
      #expect((outcome.status == 3) == !findings.isEmpty)
    }
    writer.signal(SIGKILL)
    _ = try writer.wait()
    #expect(statuses.allSatisfy { $0 == 0 || $0 == 3 })
    let verified = try house.keeper(["verify", "--snapshot", "all", "--level", "restored"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errorText)")
    #expect(verified.lines.count == 3)
    #expect(try house.node(["backup"]).status == 0)
  }

  /// As a user who may not read everything; root without its power over permissions is one too.
  @Test func whatCannotBeReadIsToldAndTheRestIsStored() throws {
    let house = try Installation()
    try house.write("fine", "content\n")
    try house.write("secret file", "content\n")
    try house.write("secret folder/inside", "content\n")
    try house.write("listed only/inside", "content\n")
    let closed = ["000 'secret file'", "000 'secret folder'", "444 'listed only'"]
    for change in closed { try Command.succeed("sh", ["-c", "chmod \(change)"], folder: house.source) }
    let powers = "-dac_override,-dac_read_search"
    let prefix = geteuid() == 0 ? ["setpriv", "--bounding-set=\(powers)", "--inh-caps=\(powers)"] : ["env"]
    let arguments = [try Installation.Program.redoubt.path, "backup", "--config", house.folder("redoubt.toml")]
    let outcome = try Command.run(
      prefix[0], Array(prefix.dropFirst()) + arguments + ["--json"], environment: house.environment)
    try Command.succeed("chmod", ["-R", "u+rwX", house.source])
    #expect(outcome.status == 3, "\(outcome.errorText)")
    let lines = try Installation.json(outcome)
    let findings = lines.filter { $0.type == "finding" }
    #expect(findings.allSatisfy { $0.code == "unreadable" }, "\(findings)")
    let names = Set(findings.compactMap { $0.path?.split(separator: "/source/").last.map(String.init) })
    #expect(names == ["secret file", "secret folder", "listed only/inside"], "\(findings)")
    let restored = try house.restore()
    #expect(try FileContent.read("\(restored)/fine") == Array("content\n".utf8))
    #expect(!Paths.exists("\(restored)/secret file"))
    #expect(Paths.exists("\(restored)/secret folder"), "the folder itself could be seen")
    try house.expectSound("restored")
    #expect(try house.node(["backup"]).status == 0)
  }
}
