internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Storage that fails in the middle of a run: what is said, what is left behind, and that the next run succeeds.
struct FailingStorageTests {
  private struct Scene {
    let server: S3Server
    let bucket: String
    let gate: GatedProxy
    let house: Installation
  }

  /// A node that stores to S3 through a gate, and to a folder where `alsoToDisk`.
  private func scene(
    _ kind: S3Server.Kind = .moto, holdingAfter limit: Int? = 600_000, alsoToDisk: Bool = false,
    _ settings: String = "attempts = 3\n"
  ) throws -> Scene {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket()
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: limit)
    let house = try Installation([.s3(server, bucket: bucket, endpoint: gate.url, settings)])
    if alsoToDisk { house.destinations.append(.folder("disk", house.disk)) }
    house.use(server)
    try house.configure()
    try house.writeNoise("data", megabytes: 6)
    return Scene(server: server, bucket: bucket, gate: gate, house: house)
  }

  private func keys(_ scene: Scene) throws -> [String] {
    let listing = try Command.succeed(
      "\(try S3Server.tools())/aws", ["s3", "ls", "--recursive", "s3://\(scene.bucket)"],
      environment: scene.server.environment)
    return listing.lines.compactMap { $0.split(separator: " ").last.map(String.init) }
  }

  /// The run failed, and said so: its code, its words, and no snapshot.
  private func expectFailure(
    _ outcome: Command.Outcome, _ status: Int32, _ words: [String], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome.text)\(outcome.errorText)", sourceLocation: location)
    for word in words {
      #expect(outcome.errorText.contains(word), "\(word)\n\(outcome.errorText)", sourceLocation: location)
    }
  }

  private func expectNextRunSucceeds(_ scene: Scene, _ location: SourceLocation = #_sourceLocation) throws {
    let next = try scene.house.node(["backup"])
    #expect(next.status == 0, "\(next.errorText)", sourceLocation: location)
    try scene.house.expectSound(count: scene.house.destinations.count, location)
  }

  /// Each stage of each set would try it anew.
  @Test func aDestinationWhereNobodyListensIsToldOfOnce() throws {
    let house = try Installation()
    house.destinations.insert(
      Installation.Destination(
        name: "away",
        settings: """
          kind = "s3"
          location = "cloud"
          endpoint = "http://127.0.0.1:1"
          region = "us-east-1"
          bucket = "backups"
          attempts = 2

          """), at: 0)
    house.environment["AWS_ACCESS_KEY_ID"] = "key"
    house.environment["AWS_SECRET_ACCESS_KEY"] = "secret"
    house.sets[0].settings = "mode = \"incremental\""
    house.sets.append(Installation.Source(name: "again", paths: [house.source]))
    try house.configure()
    try house.write("file", "content\n")
    let outcome = try house.node(["backup", "--debug"])
    #expect(outcome.status == 3, "\(outcome.text)\(outcome.errorText)")
    let said = (outcome.text + outcome.errorText).split(separator: "\n")
    #expect(said.count { $0.contains("try 2 of 2") } == 1, "\(said)")
    #expect(said.count { $0.contains("destination away: ") } == 1, "\(said)")
    #expect(try house.manifests().count == 2)
    house.destinations.removeFirst()
    try house.configure()
    try house.expectSound(count: 2)
  }

  /// Not Swift: it goes on taking objects for a container that was just deleted.
  @Test(arguments: [S3Server.Kind.radosgw, .moto])
  func aBucketDisappears(_ kind: S3Server.Kind) throws {
    let scene = try scene(kind)
    defer { scene.gate.stop() }
    let run = try scene.house.startNode(["backup"])
    #expect(scene.gate.waitUntilHeld())
    let aws = "\(try S3Server.tools())/aws"
    try Command.succeed(
      aws, ["s3", "rb", "--force", "s3://\(scene.bucket)"], environment: scene.server.environment)
    scene.gate.release()
    let outcome = try run.wait()
    expectFailure(outcome, 1, ["error: ", "s3", "the bucket \(scene.bucket) does not exist", "hint: create it first"])
    #expect(outcome.errorText.contains("failed: no destination could store the snapshot"), "\(outcome.errorText)")
    try Command.succeed(aws, ["s3", "mb", "s3://\(scene.bucket)"], environment: scene.server.environment)
    try expectNextRunSucceeds(scene)
    // The way to restore without Redoubt is in the new bucket too.
    #expect(try keys(scene).contains("peer-1/recover-1.sh"))
  }

  @Test func credentialsAreWithdrawn() throws {
    let scene = try scene(.radosgw, alsoToDisk: true)
    defer { scene.gate.stop() }
    let admin = { (arguments: [String]) in
      _ = try Command.succeed(
        "radosgw-admin", arguments, environment: ["CEPH_CONF": "\(scene.server.values["folder"] ?? "")/ceph.conf"])
    }
    try admin(["key", "create", "--uid=owner", "--access-key=PASSING", "--secret-key=passing-secret"])
    scene.house.use(scene.server, accessKey: "PASSING", secretKey: "passing-secret")
    let run = try scene.house.startNode(["backup"])
    #expect(scene.gate.waitUntilHeld())
    try admin(["key", "rm", "--uid=owner", "--access-key=PASSING"])
    scene.gate.release()
    let outcome = try run.wait()
    expectFailure(outcome, 3, ["destination s3: ", "hint: look at the environment"])
    #expect(outcome.text.contains("to s3 (failed), disk"), "\(outcome.text)")
    #expect(try keys(scene).allSatisfy { !$0.contains("manifest") })
    // What one destination could not take, the other has.
    let verified = try scene.house.keeper(["verify", "--destination", "disk"])
    #expect(verified.status == 0, "\(verified.errorText)")
    // The catalog says which has what.
    let status = try scene.house.node(["status"])
    #expect(status.status == 5 && status.text.hasPrefix("not safe: data at s3 was never backed up\n"), "\(status.text)")
    #expect(status.text.contains(/disk +in time +2/), "\(status.text)")
    try scene.house.expectNothingHalf()
    scene.house.use(scene.server)
    try expectNextRunSucceeds(scene)
  }

  @Test func aConnectionThatBreaksIsTriedAgain() throws {
    let scene = try scene()
    defer { scene.gate.stop() }
    let run = try scene.house.startNode(["backup", "--debug"])
    #expect(scene.gate.waitUntilHeld())
    scene.gate.cut()
    let outcome = try run.wait()
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("try 2 of 3"))
    try scene.house.expectSound()
  }

  @Test func aNetworkThatStaysAwayIsNamed() throws {
    let scene = try scene(alsoToDisk: true)
    defer { scene.gate.stop() }
    let run = try scene.house.startNode(["backup"])
    #expect(scene.gate.waitUntilHeld())
    scene.gate.cut(refusing: true)
    let outcome = try run.wait()
    expectFailure(outcome, 3, ["destination s3: ", "127.0.0.1:\(scene.gate.port)"])
    #expect(try scene.house.manifests().count == 1)
    scene.gate.restore()
    try expectNextRunSucceeds(scene)
    // The catalog's records that could not be delivered came after.
    let segments = try keys(scene).filter { $0.contains("/catalog/") }.map { $0.split(separator: "/").last ?? "" }
    #expect(segments.sorted() == (1...4).map { "00000\($0).jsonl.gpg" })
  }

  @Test func aServerThatFallsSilentIsGivenUp() throws {
    // libcurl looks at the speed of the last seconds, so that silence takes some more to be noticed.
    let scene = try scene(.moto, "attempts = 1\nstall-timeout = 1\nconnect-timeout = 2\n")
    defer { scene.gate.stop() }
    // Nothing goes through any more: neither this run nor its catalog.
    let outcome = try scene.house.node(["backup"])
    expectFailure(outcome, 1, ["destination s3: ", "127.0.0.1:\(scene.gate.port)", "1 s"])
    #expect(try keys(scene).allSatisfy { !$0.contains("manifest") })
    scene.gate.cut()
    try expectNextRunSucceeds(scene)
  }

  @Test func aFolderThatFillsUp() throws {
    let house = try Installation()
    try house.writeNoise("data", megabytes: 6)
    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", house.disk])
    defer { _ = try? Command.run("umount", [house.disk]) }
    let outcome = try house.node(["backup", "--json"])
    expectFailure(outcome, 1, ["destination disk: ", house.disk, "no space left", "hint: "])
    #expect(try Installation.json(outcome).first { $0.type == "set" }?.status == "failed")
    #expect(try house.manifests().isEmpty)
    try house.expectNothingHalf()
    try Command.succeed("mount", ["-o", "remount,size=40m", house.disk])
    #expect(try house.node(["backup"]).status == 0)
    try house.expectSound()
    try house.expectNothingHalf()
  }

  @Test func aFolderThatIsNotThere() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    try Command.succeed("rmdir", [house.disk])
    let outcome = try house.node(["backup"])
    expectFailure(outcome, 1, ["destination disk: ", house.disk, "hint: "])
    // A disk that is not mounted is not made up.
    #expect(!Paths.exists(house.disk))
    try FileContent.write([], to: house.disk)
    expectFailure(try house.node(["backup"]), 1, ["destination disk: ", house.disk])
    try Command.succeed("sh", ["-c", "rm \"$1\" && mkdir \"$1\"", "sh", house.disk])
    #expect(try house.node(["backup"]).status == 0)
    try house.expectSound()
  }
}
