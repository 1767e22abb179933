internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// `redoubt watch` as a service manager runs it.
struct WatchTests {
  /// A node with one set that is watched.
  private func house(
    quiet: String = "1s", longestWait: String = "5s", mode: String = "full"
  ) throws -> Installation {
    let house = try Installation()
    house.sets[0].dataClass = "monitoring-configs"
    house.destinations = [.folder("disk", house.folder("disk"), location: "git")]
    house.sets[0].settings = "mode = \"\(mode)\"\n\n[watch]\nquiet = \"\(quiet)\"\nlongest-wait = \"\(longestWait)\""
    try house.configure()
    try house.write("settings/peer.conf", "one\n")
    return house
  }

  private func start(
    _ house: Installation, _ arguments: [String] = [], watchdog: String? = nil
  ) throws -> (service: Command, manager: NotifySocket) {
    let manager = try NotifySocket(house.folder("notify"))
    house.environment["NOTIFY_SOCKET"] = manager.path
    house.environment["WATCHDOG_USEC"] = watchdog
    let service = try house.startNode(["watch"] + arguments)
    #expect(manager.waits(for: "READY=1"))
    return (service, manager)
  }

  /// Waits for so many snapshots.
  private func snapshots(_ house: Installation, _ count: Int, seconds: Double = 20) throws -> Bool {
    for _ in 0..<Int(seconds * 20) {
      if try house.manifests().count >= count { return true }
      usleep(50_000)
    }
    return false
  }

  private func end(_ service: Command, _ signal: Int32 = SIGTERM) throws -> Command.Outcome {
    let before = Timestamp.now().seconds
    service.signal(signal)
    let outcome = try service.wait(timeout: 30)
    #expect(Timestamp.now().seconds - before < 10)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    return outcome
  }

  @Test func everyKindOfChangeBecomesASnapshot() throws {
    let house = try house()
    let (service, manager) = try start(house, ["--json"], watchdog: "1000000")
    #expect(try snapshots(house, 1), "what changed before the start is not known")
    try house.write("settings/peer.conf", "two\n")
    #expect(try snapshots(house, 2), "a file")
    try Command.succeed(
      "sh",
      ["-c", "cd \"$1/settings\" && echo three >.peer.conf.swp && mv .peer.conf.swp peer.conf", "sh", house.source])
    #expect(try snapshots(house, 3), "a file that an editor replaced")
    try Command.succeed("sh", ["-c", "rm -r \"$1\" && mkdir -p \"$1/deep/er\"", "sh", house.source])
    #expect(try snapshots(house, 4), "a source that was deleted and made again")
    try house.write("deep/er/file", "four\n")
    #expect(try snapshots(house, 5), "a file in a new directory")
    #expect(manager.waits(for: "WATCHDOG=1"))
    let outcome = try end(service)
    #expect(manager.waits(for: "STOPPING=1"))
    let lines = try Installation.json(outcome)
    #expect(lines.filter { $0.type == "set" }.map(\.status) == Array(repeating: "stored", count: 5))
    #expect(try Command.run("cat", [house.restore() + "/deep/er/file"]).text == "four\n")
  }

  @Test func changesThatGoOnAreStoredAfterTheLongestWait() throws {
    let house = try house(quiet: "3s", longestWait: "5s", mode: "incremental")
    let (service, _) = try start(house)
    let writer = try Command("sh", ["-c", "while :; do echo x >>\"$1/log\"; sleep 0.1; done", "sh", house.source])
    #expect(try snapshots(house, 2, seconds: 30))
    writer.signal(SIGKILL)
    _ = try writer.wait()
    _ = try end(service, SIGINT)
    try house.expectSound()
  }

  @Test func anotherRunIsWaitedFor() throws {
    let house = try house()
    try Paths.makeFolders(house.state)
    let holder = try Command("flock", ["\(house.state)/lock", "sleep", "60"])
    let (service, _) = try start(house)
    usleep(2_500_000)
    #expect(try house.manifests().isEmpty)
    kill(-holder.pid, SIGKILL)
    _ = try holder.wait()
    #expect(try snapshots(house, 1))
    let outcome = try end(service)
    #expect(outcome.errorText.contains("data: waiting for another run, which holds the lock"), "\(outcome.errorText)")
    // Between its runs it holds no lock.
    #expect(try house.node(["backup"]).status == 0)
  }

  @Test func aSignalEndsARunInOrder() throws {
    let server = try S3Server.shared(.moto)
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: 600_000)
    defer { gate.stop() }
    let house = try Installation([.s3(server, bucket: try server.makeBucket(), endpoint: gate.url)])
    house.use(server)
    house.sets[0].settings = "[watch]\nquiet = \"1s\""
    try house.configure()
    try house.writeNoise("data", megabytes: 6)
    let (service, _) = try start(house, ["data"])
    #expect(gate.waitUntilHeld())
    _ = try end(service)
    gate.cut()
    let next = try house.node(["backup"])
    #expect(next.status == 0, "\(next.errorText)")
    try house.expectSound()
  }

  @Test func aHundredThousandFilesCostNoMemory() throws {
    let house = try house(quiet: "1h", longestWait: "1d")
    let (service, _) = try start(house)
    let before = try peak(service)
    try Command.succeed(
      "sh",
      [
        "-ec", "cd \"$1\"; for d in 1 2 3 4 5; do mkdir $d; (cd $d; seq 20000 | xargs touch); done", "sh", house.source,
      ],
      timeout: 120)
    usleep(500_000)
    let after = try peak(service)
    #expect(after - before < 16 << 10, "\(before) KiB, then \(after) KiB")
    _ = try end(service)
  }

  /// A process's largest memory until now, in KiB.
  private func peak(_ service: Command) throws -> Int {
    let status = String(decoding: try FileContent.read("/proc/\(service.pid)/status"), as: UTF8.self)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
  }

  @Test func aLimitOnWatchesIsExplained() throws {
    let house = try house(quiet: "1h", longestWait: "1d")
    try Command.succeed("sh", ["-c", "cd \"$1\" && mkdir -p a/b c/d e/f", "sh", house.source])
    let manager = try NotifySocket(house.folder("notify"))
    // The limit of a user namespace of its own, which hides root from what others own: hence a copy of the keys.
    let service = try Command(
      "unshare",
      [
        "--user", "--map-root-user", "sh", "-c",
        "echo 8 >/proc/sys/user/max_inotify_watches && exec \"$@\"", "sh", Installation.Program.redoubt.path, "watch",
        "--config", house.folder("redoubt.toml"),
      ], environment: ["NOTIFY_SOCKET": manager.path])
    #expect(manager.waits(for: "READY=1"))
    service.signal(SIGTERM)
    let outcome = try service.wait()
    #expect(outcome.status == 0)
    #expect(outcome.errorText.contains("directories cannot be watched"), "\(outcome.errorText)")
    #expect(outcome.errorText.contains("hint: raise the limit"), "\(outcome.errorText)")
    #expect(outcome.errorText.contains("fs.inotify.max_user_watches="), "\(outcome.errorText)")
  }

  @Test func whatIsNotToBeWatched() throws {
    let house = try Installation()
    let none = try house.node(["watch"])
    #expect(none.status == 78)
    #expect(none.errorText.contains("hint: name the sets to watch: redoubt watch data"), "\(none.errorText)")
    let unknown = try house.node(["watch", "dta"])
    #expect(unknown.status == 78 && unknown.errorText.contains("there is no set named dta"))
  }
}
