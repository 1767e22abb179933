internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// From a node over a real S3 server to a restored tree, with our programs and without them.
struct WholeWayTests {
  @Test(arguments: [S3Server.Kind.swift, .radosgw])
  func backUpProveAndRestore(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket()
    // Swift's If-None-Match is not atomic, and it is the one that really encrypts.
    let more = kind == .swift ? "sse = \"AES256\"\nconditional-writes = false" : "conditional-writes = true"
    let house = try Installation([.s3(server, bucket: bucket, prefix: "my/backups", more)])
    house.destinations.append(.folder("disk", house.disk, location: "local"))
    house.use(server)
    try HostileTree.make(in: house.source, [])
    let keyFolder = house.folder("node keys")
    try Paths.makeFolders(keyFolder)
    try FileContent.write(Array("key\n".utf8), to: "\(keyFolder)/peer-keys.dat", mode: 0o400)
    house.sets[0].settings = "exclude-caches = false"
    house.sets.append(
      .init(name: "keys", dataClass: "node-configurations", paths: ["\(keyFolder)/peer-keys.dat"]))
    try house.configure()

    let backup = try house.node(["backup", "--json"])
    #expect(backup.status == 0, "\(backup.errorText)")
    #expect(try Installation.json(backup).filter { $0.type == "set" }.map(\.status) == ["stored", "stored"])
    #expect(try house.node(["status"]).lines.count { $0.hasPrefix("  ") && $0.contains(" ago") } == 4)
    let listed = try Installation.json(try house.keeper(["list", "--json"]))
    #expect(listed.count { $0.type == "snapshot" } == 4)
    #expect(
      try house.keeper(["ls", "latest", "--set", "keys"]).lines.contains { $0.hasSuffix("node keys/peer-keys.dat") })
    for level in ["present", "intact", "readable", "restored"] { try house.expectSound(level, count: 4) }
    let restored = try house.restore("restored", set: "data", ["--destination", "s3"])
    #expect(try TreeWitness.differences(house.source, restored) == [])

    // The standard tools alone, from what aws downloads.
    let copy = house.folder("copy")
    let aws = "\(try S3Server.tools())/aws"
    try Command.succeed(
      aws, ["s3", "cp", "--quiet", "--recursive", "s3://\(bucket)/my/backups", copy], environment: server.environment,
      timeout: 120)
    // Each destination holds the very same bytes.
    let difference = try Command.run("diff", ["-r", copy, house.disk])
    #expect(difference.text == "")
    let tools = StandardTools(installation: house, hostFolder: "\(copy)/peer-1")
    let (recovered, outcome) = try tools.recover()
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(try TreeWitness.differences(house.source, recovered) == [])
    let (piped, pipeline) = try tools.pipeline()
    #expect(pipeline.status == 0, "\(pipeline.errorText)")
    #expect(try TreeWitness.differences(house.source, piped) == [])
    #expect(try tools.recover("keys", to: "recovered-keys").outcome.status == 0)
    #expect(
      try FileContent.read("\(house.folder("recovered-keys"))\(keyFolder)/peer-keys.dat") == Array("key\n".utf8))

    if kind == .swift { try expectEncrypted(server, bucket, aws) }
  }

  private func expectEncrypted(_ server: S3Server, _ bucket: String, _ aws: String) throws {
    let listing = try Command.succeed(
      aws, ["s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key", "--output", "text"],
      environment: server.environment)
    let volume = try #require(listing.text.split(whereSeparator: \.isWhitespace).first { $0.contains("volume-") })
    let head = try Command.succeed(
      aws, ["s3api", "head-object", "--bucket", bucket, "--key", String(volume)], environment: server.environment)
    #expect(head.text.contains(#""ServerSideEncryption": "AES256""#), "\(head.text)")
  }

  /// A node whose credentials may put objects and nothing else.
  @Test func theNodeNeedsPutObjectAlone() throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    try server.allowWriter(["s3:PutObject"], in: bucket)
    let house = try Installation([.s3(server, bucket: bucket, prefix: "redoubt")])
    let (key, secret) = (
      try #require(server.values["writer-access-key"]), try #require(server.values["writer-secret-key"])
    )
    house.use(server, accessKey: key, secretKey: secret)
    try house.writeNoise("data", megabytes: 3)
    for _ in 0..<2 {
      let backup = try house.node(["backup"])
      #expect(backup.status == 0, "\(backup.errorText)")
      #expect(backup.errorText.lines { $0.hasPrefix("error") || $0.hasPrefix("warning") } == [])
    }

    let aws = "\(try S3Server.tools())/aws"
    var thief = server.environment
    thief["AWS_ACCESS_KEY_ID"] = key
    thief["AWS_SECRET_ACCESS_KEY"] = secret
    let object = "redoubt/peer-1/recover-1.sh"
    for attempt in [
      ["list-objects-v2", "--bucket", bucket], ["get-object", "--bucket", bucket, "--key", object, "/dev/null"],
      ["head-object", "--bucket", bucket, "--key", object], ["delete-object", "--bucket", bucket, "--key", object],
    ] {
      // With its debug lines, because aws trips over an answer without a message before it names the code.
      let outcome = try Command.run(aws, ["s3api"] + attempt + ["--debug"], environment: thief)
      let isDenied = outcome.errorText.contains("AccessDenied") || outcome.errorText.contains(#"1.1" 403"#)
      #expect(outcome.status != 0 && isDenied, "\(attempt[0]): \(outcome.text)\(outcome.errorText.suffix(2000))")
    }
    // The keeper has rights of its own.
    house.use(server)
    try house.expectSound()
    #expect(try TreeWitness.differences(house.source, try house.restore()) == [])
  }

  /// Nothing that is secret is ever written down, not even where details are asked for.
  @Test func noSecretIsWrittenAnywhere() throws {
    let server = try S3Server.shared(.moto)
    let bucket = try server.makeBucket()
    let house = try Installation([.s3(server, bucket: bucket)])
    let passphrase = "correct-horse-battery"
    // A keeper whose private key has a passphrase, which its agent was told.
    let keeper = try TestKeyRing()
    defer { keeper.close() }
    let recipient = try keeper.makeKey("guarded@example.com", passphrase: passphrase)
    try keeper.importPublic(house.keys.signer, from: house.keys.node)
    let node = try TestKeyRing()
    defer { node.close() }
    try node.importKey(try house.keys.node.exportSecret(house.keys.signer))
    try node.importPublic(recipient, from: keeper)
    house.keeperHome = keeper.home
    house.nodeKeys =
      "gnupg-home = \"\(node.home)\"\nrecipients = [\"\(recipient)\"]\nsigner = \"\(house.keys.signer)\"\n"
    try house.configure()
    house.use(server, accessKey: "AKIDVISIBLE", secretKey: "hidden/secret+key")
    house.environment["AWS_SESSION_TOKEN"] = "hidden-session-token=="
    try house.write("file", "content of the file, which is nobody's business\n")
    try keeper.gpg(["--passphrase", passphrase, "--output", "/dev/null", "--sign"], input: [1])
    try keeper.gpg(
      ["--passphrase", passphrase, "--output", "/dev/null", "--decrypt"],
      input: try keeper.gpg(["--trust-model", "always", "--recipient", recipient, "--encrypt"], input: [1]).output)

    var all = ""
    for run in [["backup", "--debug"], ["backup", "--debug", "--json"], ["check", "--online", "--debug"]] {
      let outcome = try house.node(run)
      #expect(outcome.status == 0, "\(run): \(outcome.errorText)")
      #expect(outcome.errorText.contains("debug: "), "\(run)")
      all += outcome.text + outcome.errorText
    }
    for run in [["list"], ["verify"], ["verify", "--json"], ["restore", "latest", "--target", house.folder("back")]] {
      let outcome = try house.keeper(run + ["--debug"])
      #expect(outcome.status == 0, "\(run): \(outcome.errorText)")
      all += outcome.text + outcome.errorText
    }
    // With credentials that are wrong, the server's answer is shown.
    let signed = try S3Server.shared(.swift)
    house.destinations = [.s3(signed, bucket: try signed.makeBucket())]
    try house.configure()
    house.environment["AWS_ACCESS_KEY_ID"] = signed.accessKey
    let refused = try house.node(["backup", "--debug"])
    #expect(refused.status == 1)
    all += refused.text + refused.errorText
    for folder in [house.state, house.folder("keeper")] {
      all += try Command.succeed("grep", ["-rha", "", folder]).text
    }
    for secret in ["hidden/secret+key", "hidden-session-token", passphrase, "hidden%2Fsecret", "nobody's business"] {
      #expect(!all.contains(secret), "\(secret)")
    }
  }
}

extension String {
  /// The lines of a text that `test` is true of.
  func lines(where test: (Substring) -> Bool) -> [String] { split(separator: "\n").filter(test).map(String.init) }
}
