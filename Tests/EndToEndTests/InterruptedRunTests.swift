internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Runs that are ended from outside, or that meet each other.
struct InterruptedRunTests {
  private func gated(_ settings: String = "") throws -> (house: Installation, gate: GatedProxy) {
    let server = try S3Server.shared(.moto)
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: 600_000)
    let house = try Installation([.s3(server, bucket: try server.makeBucket(), endpoint: gate.url, settings)])
    house.use(server)
    try house.writeNoise("data", megabytes: 6)
    return (house, gate)
  }

  @Test func aSecondRunIsTurnedAway() throws {
    let (house, gate) = try gated()
    defer { gate.stop() }
    let first = try house.startNode(["backup"])
    #expect(gate.waitUntilHeld())
    let second = try house.node(["backup", "--json"])
    #expect(second.status == 75)
    #expect(second.errorText.contains("another run holds \(house.state)/lock"), "\(second.errorText)")
    #expect(second.errorText.contains("hint: wait until it has ended"))
    #expect(try Installation.json(second).first { $0.type == "error" }?.message?.contains("lock") == true)
    // Who only looks is let in: nothing has been backed up yet.
    let look = try house.node(["status"])
    #expect(look.status == 5 && look.text.hasPrefix("not safe: "), "\(look.text)")
    gate.release()
    let outcome = try first.wait()
    #expect(outcome.status == 0, "\(outcome.errorText)")
    try house.expectSound()
    #expect(try house.node(["backup"]).status == 0)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsARunInOrder(_ signal: Int32) throws {
    let (house, gate) = try gated()
    defer { gate.stop() }
    let run = try house.startNode(["backup", "--json"])
    #expect(gate.waitUntilHeld())
    let before = Timestamp.now().seconds
    run.signal(signal)
    // Nothing lets the transfers through: the run ends all the same, and soon.
    let outcome = try run.wait(timeout: 30)
    #expect(Timestamp.now().seconds - before < 15)
    #expect(outcome.status == 1, "\(outcome.status) \(outcome.errorText)")
    #expect(outcome.errorText.contains("stopped by a signal"), "\(outcome.errorText)")
    _ = try Installation.json(outcome)
    gate.cut()
    let listed = try house.keeper(["list"])
    #expect(listed.status == 0 && listed.lines.allSatisfy { $0.hasSuffix("  unfinished") || $0 == "no snapshots" })
    let next = try house.node(["backup"])
    #expect(next.status == 0, "\(next.errorText)")
    try house.expectSound()
  }

  @Test func killedAnywhereTheNextRunIsFine() throws {
    let house = try Installation()
    for name in ["a", "b", "c"] { try house.writeNoise(name, megabytes: 2) }
    let started = Timestamp.now()
    #expect(try house.node(["backup"]).status == 0)
    let whole = Double(Timestamp.now().seconds - started.seconds) + 0.3
    for attempt in 0..<10 {
      let run = try house.startNode(["backup"])
      // From its first moments to about its end.
      usleep(UInt32(min(whole, 2) * 1e5 * Double(attempt) + Double.random(in: 0..<50_000)))
      run.signal(SIGKILL)
      _ = try run.wait()
      // Whatever lies there under a name of the format is whole.
      for key in try house.objects() where !key.hasSuffix(".tmp") { #expect(key.hasPrefix("peer-1/"), "\(key)") }
    }
    let next = try house.node(["backup", "--json"])
    #expect(next.status == 0, "\(next.errorText)")
    let verified = try house.keeper(["verify", "--snapshot", "all", "--level", "readable"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errorText)")
    #expect(verified.lines.count >= 2 && verified.lines.count <= 12)
    try expectCatalogHolds(house)
  }

  /// What a killed run has stored is not sent again, but for what was underway.
  @Test func anIncrementalRunThatIsKilledGoesOnWhereItWas() throws {
    let house = try Installation()
    // Slow enough to be killed between two volumes.
    house.sets[0].settings = "mode = \"incremental\"\ncompression-level = 19"
    try house.configure()
    let megabytes = 40
    for number in 0..<megabytes { try house.writeNoise("file-\(number)", megabytes: 1) }
    var kills = 0
    for _ in 0..<6 {
      let before = try volumes(house).count
      let run = try house.startNode(["backup"])
      // Not before it has stored something new.
      for _ in 0..<400 where try volumes(house).count < before + 3 && house.manifests().isEmpty { usleep(10_000) }
      run.signal(SIGKILL)
      _ = try run.wait()
      if try house.manifests().isEmpty { kills += 1 }
    }
    #expect(kills >= 3, "runs were killed in their middle")
    let last = try house.node(["backup"])
    #expect(last.status == 0, "\(last.errorText)")
    // A volume of one file here: those in flight at a kill are a handful.
    #expect(try volumes(house).count <= megabytes + 8 * kills, "\(kills) kills")
    #expect(try house.keeper(["verify", "--level", "restored"]).status == 0)
    try expectCatalogHolds(house)
  }

  /// Killed while it writes an object: nothing of that lies there.
  @Test func aRunThatIsKilledInAWriteLeavesNoPartOfIt() throws {
    let house = try Installation()
    for number in 0..<3 { try house.writeNoise("file-\(number)", megabytes: 10) }
    var caught = 0
    for _ in 0..<3 {
      let run = try house.startNode(["backup"])
      var polls = 0
      while try !isWriting(run.pid, house.disk), polls < 50_000 {
        polls += 1
        usleep(100)
      }
      run.signal(SIGKILL)
      if polls < 50_000 { caught += 1 }
      _ = try run.wait()
      try house.expectNothingHalf()
    }
    #expect(caught > 0, "no run was killed in a write")
    #expect(try house.node(["backup"]).status == 0)
    try house.expectSound()
  }

  /// Whether a process has a file open below `folder` that is not an object yet.
  private func isWriting(_ process: Int32, _ folder: String) throws -> Bool {
    let files = "/proc/\(process)/fd"
    guard let directory = opendir(files) else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var target = [UInt8](repeating: 0, count: 4096)
      let length = readlink("\(files)/\(name)", &target, target.count)
      let path = String(decoding: target.prefix(max(length, 0)), as: UTF8.self)
      if path.hasPrefix("\(folder)/"), path.contains("/#") || path.contains("/.redoubt-") { return true }
    }
    return false
  }

  private func volumes(_ house: Installation) throws -> [String] {
    try house.objects().filter { $0.contains("/volume-") && !$0.hasSuffix(".tmp") }
  }

  /// Both the node's catalog and what storage has of it, checked by other means than our own.
  private func expectCatalogHolds(_ house: Installation) throws {
    let script = """
      import glob, hashlib, json, subprocess, sys
      state, disk, home = sys.argv[1:]
      local = open(state + '/catalog.jsonl', 'rb').read()
      epochs = glob.glob(disk + '/peer-1/catalog/*')
      assert len(epochs) == 1, epochs
      stored = b''
      for number, segment in enumerate(sorted(glob.glob(epochs[0] + '/*.gpg')), 1):
        assert segment.endswith('/%06d.jsonl.gpg' % number), segment
        stored += subprocess.run(['gpg', '--homedir', home, '-q', '-d', segment], check=True, capture_output=True).stdout
      assert stored == local, 'storage has another catalog than the node'
      previous = '0' * 64
      for number, line in enumerate(local.splitlines(), 1):
        record = json.loads(line)
        assert record['seq'] == number and record['prev'] == previous, line
        previous = hashlib.sha256(line).hexdigest()
      """
    let outcome = try Command.run("python3", ["-c", script, house.state, house.disk, house.keeperHome])
    #expect(outcome.status == 0, "\(outcome.errorText)")
  }

  @Test func aReaderThatGoesAwayDoesNotEndTheRun() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    let program = try Installation.Program.redoubt.path
    for options in ["", "--json"] {
      let outcome = try Command.run(
        "bash",
        ["-c", "\(program) backup --config '\(house.folder("redoubt.toml"))' \(options) | true; exit ${PIPESTATUS[0]}"]
      )
      #expect(outcome.status == 0, "\(outcome.errorText)")
    }
    #expect(try house.manifests().count == 2)
    try house.expectSound()
  }

  @Test func aStateThatCannotBeWritten() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    try FileContent.write([], to: house.state)
    let blocked = try house.node(["backup"])
    #expect(blocked.status == 1, "\(blocked.errorText)")
    #expect(blocked.errorText.contains(house.state) && blocked.errorText.contains("hint: "), "\(blocked.errorText)")
    try Command.succeed("sh", ["-c", "rm \"$1\" && mkdir \"$1\"", "sh", house.state])

    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", house.state])
    defer { _ = try? Command.run("umount", [house.state]) }
    let full = try house.node(["backup"])
    #expect(full.status == 1, "\(full.errorText)")
    let said = full.text + full.errorText
    #expect(said.contains(house.state) && said.contains("no space left"), "\(said)")
    #expect(try house.manifests().isEmpty)
    try Command.succeed("mount", ["-o", "remount,ro", house.state])
    let readOnly = try house.node(["backup"])
    #expect(readOnly.status == 1 && readOnly.errorText.contains("read-only"), "\(readOnly.errorText)")
    #expect(try house.objects().filter { $0.contains("/data/") }.isEmpty)
    try Command.succeed("mount", ["-o", "remount,rw,size=4m", house.state])
    let next = try house.node(["backup"])
    #expect(next.status == 0, "\(next.errorText)")
    try house.expectSound()
    try house.expectNothingHalf()
  }
}
