internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// A disk that is connected at times, from its preparation on; and what only people can test.
struct RemovableMediumTests {

  private func unmount(_ house: Installation) { _ = try? Command.run("umount", [house.folder("mnt")]) }

  @Test func fromPreparationToOverdue() throws {
    let house = try Installation()
    let (mount, folder) = (house.folder("mnt"), house.folder("mnt/redoubt"))
    try Paths.makeFolders(mount)
    house.destinations.append(.folder("usb", folder, location: "removable"))
    house.destinations[1].settings += "away = \"20d\"\n"
    try house.configure()
    try house.write("file", "one\n")

    // The machine's own disk is refused, whether the folder is there or not; temporary folders may be elsewhere.
    let root = "/redoubt-test-\(getpid())"
    defer { rmdir(root) }
    house.destinations[1].settings = house.destinations[1].settings.replacing(folder, with: root)
    try house.configure()
    for isThere in [false, true] {
      if isThere { try Paths.makeFolders(root) }
      let refused = try house.node(["init", "--destination", "usb"])
      #expect(refused.status == 1)
      #expect(
        refused.errorText.contains("is on the file system of /: no medium is mounted there"), "\(refused.errorText)")
    }
    house.destinations[1].settings = house.destinations[1].settings.replacing(root, with: folder)
    try house.configure()
    try Paths.makeFolders(folder)
    let first = try house.node(["backup"])
    #expect(first.status == 0, "\(first.errorText)")
    #expect(first.text.contains("data: usb: skipped: not mounted\n"), "\(first.text)")
    let checked = try house.node(["check"])
    #expect(checked.status == 0)
    #expect(checked.text.contains("not mounted: \(folder) has no file .redoubt-destination"), "\(checked.text)")
    #expect(try house.objects(mount).isEmpty)
    let json = try house.node(["backup", "--json"])
    #expect(json.status == 0)
    #expect(json.text.contains(#"{"name":"usb","stored":false,"error":null,"skipped":"not-mounted"}"#), "\(json.text)")

    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", mount])
    defer { unmount(house) }
    let made = try house.node(["init", "--destination", "usb"])
    #expect(made.status == 0, "\(made.errorText)")
    #expect(made.text.contains("on the file system mounted at \(mount)"), "\(made.text)")
    #expect(try house.node(["init", "--destination", "usb"]).text.contains("is there already"))
    #expect(try house.node(["check"]).text.contains("nothing is wrong"))
    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.manifests(folder).count == 1)
    try house.expectSound(count: 2)

    unmount(house)
    try age(house, days: 19)
    #expect(try house.node(["backup"]).status == 0)
    try age(house, days: 2)
    let late = try house.node(["backup"])
    #expect(late.status == 5, "\(late.text)\(late.errorText)")
    #expect(late.errorText.contains("data: usb has been away for 21d"), "\(late.errorText)")
    #expect(try house.manifests().count == 5, "everything else is stored all the same")
  }

  @Test func whatIsNoMediumIsNotPrepared() throws {
    let house = try Installation()
    for (name, message) in [("disk", "is no removable medium"), ("usb", "there is no usable destination named 'usb'")] {
      let outcome = try house.node(["init", "--destination", name])
      #expect(outcome.status == 1 && outcome.errorText.contains(message), "\(outcome.errorText)")
    }
  }

  /// Makes all records of the node's catalog older.
  private func age(_ house: Installation, days: Int) throws {
    let script = """
      import datetime, hashlib, json, sys
      path, days = sys.argv[1], int(sys.argv[2])
      previous, lines = '0' * 64, []
      for line in open(path, 'rb').read().splitlines():
        record = json.loads(line)
        time = datetime.datetime.strptime(record['time'], '%Y-%m-%dT%H:%M:%SZ') - datetime.timedelta(days=days)
        record['time'], record['prev'] = time.strftime('%Y-%m-%dT%H:%M:%SZ'), previous
        line = json.dumps(record, separators=(',', ':'), sort_keys=True).encode()
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line)
      open(path, 'wb').write(b'\\n'.join(lines) + b'\\n')
      """
    try Command.succeed("python3", ["-c", script, "\(house.state)/catalog.jsonl", "\(days)"])
  }

  @Test func aTestOfRecoveryIsAttested() throws {
    let house = try Installation()
    let never = try house.keeper(["attest", "--list"])
    #expect(
      never.status == 5 && never.text.hasPrefix("wallet-seed-phrases: overdue: never attested\n"), "\(never.text)")
    #expect(never.lines.last?.hasPrefix("key-rotation: never attested; due at ") == true, "\(never.text)")
    let words = "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"
    for arguments in [
      ["attest", "wallet-seed-phrases", "--note", words, "--by", "Ada"],
      ["attest", "wallet-seed-phrases", "--note", "", "--by", "Ada"],
      ["attest", "client-database", "--note", "Looked at it", "--by", "Ada"],
    ] {
      let refused = try house.keeper(arguments)
      #expect(refused.status == 1 && refused.errorText.contains("hint: "), "\(refused.errorText)")
      #expect(!(refused.text + refused.errorText).contains("advice"))
    }
    for arguments in [["attest"], ["attest", "wallet-seed-phrases", "--list"]] {
      #expect(try house.keeper(arguments).status == 64)
    }
    let taken = try house.keeper(
      [
        "attest", "wallet-seed-phrases", "--note", "Metal plate typed in: addresses match", "--by", "Ada", "--host",
        "peer-1",
      ])
    #expect(taken.status == 0, "\(taken.errorText)")
    let listed = try house.keeper(["attest", "--list", "--json"])
    #expect(listed.status == 0)
    #expect(listed.text.contains(#""host":"peer-1""#) && listed.text.contains(#""overdue":false"#), "\(listed.text)")
    #expect(try house.keeper(["attest", "key-rotation", "--note", "All are young", "--by", "Ada"]).status == 0)
    let reviewed = try house.keeper(["attest", "--list"])
    #expect(
      reviewed.text.contains("key-rotation: attested at ") && reviewed.text.contains(" by Ada: All are young; due"))
    let record = try #require(
      String(decoding: FileContent.read("\(house.folder("keeper"))/catalog.jsonl"), as: UTF8.self).split(
        separator: "\n"
      ).last { $0.contains("wallet-seed-phrases") })
    #expect(
      record.contains(#""type":"attestation""#) && record.contains(#""class":"wallet-seed-phrases""#), "\(record)")
  }
}
