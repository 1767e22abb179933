import Files
import Glibc
import Policy
import Storage
import TestKit
import Testing

/// `redoubt check` through its library and through the program.
@Suite struct CheckTests {
  let folder: ScratchFolder
  let ring: TestKeyRing
  let now = Timestamp.now()

  init() throws {
    folder = try ScratchFolder()
    ring = try TestKeyRing()
  }

  /// A configuration in which nothing is wrong.
  func write(
    recipients: [String] = ["backup@example.com"], signer: String = "peer-1@example.com", mode: UInt32 = 0o600,
    change: (String) -> String = { $0 }
  ) throws -> String {
    for name in ["state", "disk", "usb", "source"] { try Paths.makeFolders("\(folder.path)/\(name)") }
    if !Paths.exists("\(folder.path)/usb/\(MediumMarker.name)") { try MediumMarker().write(in: "\(folder.path)/usb") }
    let text = """
      host = "peer-1"
      state = "\(folder.path)/state"
      [keys]
      gnupg-home = "\(ring.home)"
      recipients = [\(recipients.map { "\"\($0)\"" }.joined(separator: ", "))]
      signer = "\(signer)"
      [[destination]]
      name = "disk"
      kind = "directory"
      location = "offsite"
      path = "\(folder.path)/disk"
      [[destination]]
      name = "usb"
      kind = "directory"
      location = "removable"
      path = "\(folder.path)/usb"
      [[set]]
      name = "keys"
      class = "node-configurations"
      paths = ["\(folder.path)/source"]
      destinations = ["disk", "usb"]

      """
    return try folder.write("redoubt.toml", change(text), mode: mode)
  }

  func makeKeys() throws {
    try ring.makeKey("backup@example.com")
    try ring.makeKey("peer-1@example.com", .signOnly)
  }

  func messages(_ path: String, online: Bool = false) -> [String] {
    NodeCheck(path, isOnline: online, access: StorageAccess(environment: [:]), now: now).run().problems.map { "\($0)" }
  }

  @Test func nothingIsWrong() throws {
    try makeKeys()
    let path = try write()
    #expect(messages(path) == [])
    let outcome = try Program.redoubt.run(["check", "--config", path])
    #expect(outcome.status == 0)
    #expect(outcome.text == "\(path): nothing is wrong\n")
    #expect(outcome.errorText == "")
  }

  @Test func allThatIsWrongIsSaidAtOnce() throws {
    try ring.makeKey("peer-1@example.com", .signOnly)
    try ring.makeKey("old@example.com", at: "20200101T000000", expires: "10d")
    try ring.makeKey("soon@example.com", expires: "20d")
    let path = try write(
      recipients: ["nobody@example.com", "old@example.com", "soon@example.com", "peer-1@example.com"], mode: 0o666
    ) {
      $0.replacing("/source", with: "/gone").replacing("\(folder.path)/disk", with: "\(folder.path)/no-disk")
        .replacing("[[set]]", with: "[[set]]\nexclud = []")
    }
    unlink("\(folder.path)/usb/\(MediumMarker.name)")
    rmdir("\(folder.path)/usb")
    let found = messages(path)
    let expected = [
      "line 18: error: unknown key 'exclud' in set.keys", "error: others can write \(path) (mode 666)",
      "error: keys.recipients: nobody@example.com: there is no such key",
      "error: keys.recipients: old@example.com: the key expired at 2020-01-11",
      "warning: keys.recipients: soon@example.com: the key expires at ",
      "error: keys.recipients: peer-1@example.com: the key cannot encrypt",
      "error: destination.disk.path: \(folder.path)/no-disk does not exist",
      "warning: destination.usb.path: not mounted: \(folder.path)/usb does not exist; until it is, backups skip it",
      "error: set.keys.paths: \(folder.path)/gone does not exist",
    ]
    for message in expected {
      #expect(found.contains { $0.hasPrefix(message) }, "\(message)")
    }
    #expect(found.count == expected.count, "\(found)")

    let outcome = try Program.redoubt.run(["check", "--config", path])
    #expect(outcome.status == 78)
    #expect(
      outcome.text.contains(
        "\(path): line 18: error: unknown key 'exclud' in set.keys\nhint: did you mean 'exclude'?\n"))
    #expect(outcome.text.hasSuffix("\(path): 7 errors, 2 warnings\n"))
    let json = try Program.redoubt.run(["check", "--json", "--config", path])
    #expect(json.status == 78)
    #expect(json.lines.last == #"{"type":"summary","exit":78,"errors":7,"warnings":2}"#)
    #expect(json.lines.count == expected.count + 1)
  }

  @Test func warningsAloneLeaveTheExitCodeAtZero() throws {
    try makeKeys()
    let path = try write(mode: 0o644)
    let outcome = try Program.redoubt.run(["check", "--config", path])
    #expect(outcome.status == 0)
    #expect(
      outcome.text == """
        \(path): warning: others can read \(path) (mode 644)
        hint: run chmod 600 \(path)
        \(path): 0 errors, 1 warning

        """)
  }

  @Test func aSignerWithoutItsSecretKeyIsAnError() throws {
    try ring.makeKey("backup@example.com")
    let other = try TestKeyRing()
    try other.makeKey("peer-1@example.com", .signOnly)
    try ring.gpg(["--import"], input: try other.gpg(["--armor", "--export"]).output)
    let found = messages(try write())
    #expect(
      found.count == 1 && found[0].hasPrefix("error: keys.signer: peer-1@example.com: only the public key"), "\(found)")
  }

  @Test func aFolderThatOthersCanWriteIsAnError() throws {
    try makeKeys()
    let path = try write()
    #expect(chmod(folder.path, 0o777) == 0)
    #expect(chmod("\(folder.path)/state", 0o755) == 0)
    let found = messages(path)
    #expect(found.count == 2, "\(found)")
    #expect(found[0].hasPrefix("error: others can write the folder \(folder.path) (mode 777), and so replace"))
    #expect(found[1] == "warning: state: others can read \(folder.path)/state (mode 755)")
  }

  @Test func credentialsThatOthersCanReadAreAnError() throws {
    try makeKeys()
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    let credentials = try folder.write(
      "credentials", "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = \(secret)\n", mode: 0o640)
    let path = try write {
      $0.replacing(
        "kind = \"directory\"\nlocation = \"offsite\"\npath = \"\(folder.path)/disk\"",
        with: "kind = \"s3\"\nlocation = \"offsite\"\nendpoint = \"http://127.0.0.1:9\"\nbucket = \"bucket\"\n"
          + "attempts = 1\ncredentials-file = \"\(credentials)\"")
    }
    let found = messages(path)
    #expect(found.count == 1, "\(found)")
    #expect(found[0].hasPrefix("error: destination.disk: \(credentials): others can read or write"))
    // Nor is the secret anywhere in what a debug run says.
    let outcome = try Program.redoubt.run(["check", "--online", "--debug", "--config", path])
    #expect(outcome.status == 78)
    #expect(outcome.text.contains("cannot store a probe"))
    #expect(outcome.errorText.contains("debug: "))
    for text in [outcome.text, outcome.errorText] { #expect(!text.contains(secret)) }
  }

  @Test func onlineStoresAProbeAtEachDestination() throws {
    try makeKeys()
    let path = try write()
    let report = NodeCheck(path, isOnline: true, access: StorageAccess(environment: [:]), now: now).run()
    #expect(report.problems == [])
    #expect(report.probes.map(\.destination) == ["disk", "usb"])
    for probe in report.probes {
      #expect(probe.key.hasPrefix("peer-1/probe/\(now.basic)-"))
      let stored = try FileContent.read("\(folder.path)/\(probe.destination)/\(probe.key)")
      #expect(String(decoding: stored, as: UTF8.self).hasPrefix("Stored by 'redoubt check --online'"))
    }
    #expect(report.probes[0].key != report.probes[1].key)
  }

  /// A real server that allows this user to put objects, and denies everything else.
  @Test func onlineNeedsPutObjectAlone() throws {
    try makeKeys()
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    try server.allowWriter(["s3:PutObject"], in: bucket)
    let path = try write {
      $0.replacing(
        "kind = \"directory\"\nlocation = \"offsite\"\npath = \"\(folder.path)/disk\"",
        with: "kind = \"s3\"\nlocation = \"offsite\"\nendpoint = \"\(server.endpoint)\"\nbucket = \"\(bucket)\"\n"
          + "prefix = \"redoubt\"\nregion = \"\(server.region)\"")
    }
    let writer = server.writerCredentials
    let outcome = try Program.redoubt.run(
      ["check", "--online", "--debug", "--config", path],
      environment: [
        "AWS_ACCESS_KEY_ID": writer.accessKeyID, "AWS_SECRET_ACCESS_KEY": writer.secretAccessKey.exposed,
        "AWS_SESSION_TOKEN": nil, "AWS_PROFILE": nil, "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
      ])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    let line = try #require(outcome.lines.first { $0.hasPrefix("stored at disk: ") })
    let key = try #require(line.split(separator: " ").dropFirst(3).first)
    // Who put it owns it: the bucket's owner sees it in the listing.
    let listing = try server.request("GET", "/\(bucket)", query: [("prefix", "redoubt/peer-1/probe/")])
    #expect(String(decoding: listing.body, as: UTF8.self).contains("<Key>redoubt/\(key)</Key>"))
    for text in [outcome.text, outcome.errorText] { #expect(!text.contains(writer.secretAccessKey.exposed)) }
  }

  /// The folder that a medium is mounted on is not taken for the medium.
  @Test func aFolderWithoutMarkerIsNoMedium() throws {
    try makeKeys()
    let path = try write()
    #expect(messages(path, online: true) == [])
    unlink("\(folder.path)/usb/\(MediumMarker.name)")
    let report = NodeCheck(path, isOnline: true, access: StorageAccess(environment: [:]), now: now).run()
    #expect(!report.hasErrors && report.probes.map(\.destination) == ["disk"])
    let problem = try #require(report.problems.first)
    #expect(problem.message.contains("not mounted: \(folder.path)/usb has no file .redoubt-destination"))
    #expect(problem.hint?.contains("'redoubt init --destination usb'") == true)
    try FileContent.write(Array("id = 1\n".utf8), to: "\(folder.path)/usb/\(MediumMarker.name)")
    #expect(messages(path).first?.contains("is no marker of a backup medium") == true)
  }
}
