import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// SQLite databases that are backed up as consistent copies.
@Suite struct DatabaseSourceTests {
  private func household(
    _ mode: SetConfiguration.Mode = .full, _ schema: String = "create table t (v); insert into t values (1), (2)"
  ) throws -> Household {
    let house = try Household(mode: mode)
    try Command.succeed("sqlite3", ["\(house.source)/app.db", schema])
    house.node.sets[0].paths = []
    house.node.sets[0].sqlite = ["\(house.source)/app.db"]
    return house
  }

  private func restored(_ house: Household, _ name: String = "restored") throws -> String {
    let (folder, report) = try house.restore([], into: name)
    #expect(report.findings.isEmpty, "\(report.findings)")
    return "\(folder)/\(house.sourceEntry)"
  }

  private func query(_ database: String, _ sql: String) throws -> String {
    try Command.succeed("sqlite3", [database, sql]).text
  }

  @Test(arguments: SetConfiguration.Mode.allCases)
  func itIsRestoredInItsPlaceWithItsMetadata(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode)
    let database = "\(house.source)/app.db"
    try Command.succeed("chmod", ["640", database])
    try Command.succeed("setfattr", ["-n", "user.note", "-v", "kept", database])
    try Command.succeed("touch", ["-d", "2026-01-02T03:04:05Z", database])
    #expect(try house.backup().first?.status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    let copy = "\(try restored(house))/app.db"
    let listing = ["-c", "%a %u %g %Y"]
    #expect(
      try Command.succeed("stat", listing + [copy]).text
        == (try Command.succeed("stat", listing + [database]).text))
    #expect(try Command.succeed("getfattr", ["-n", "user.note", "--only-values", copy]).text == "kept")
    #expect(try query(copy, ".dump") == (try query(database, ".dump")))
    #expect(!Paths.exists("\(house.node.state)/spool"), "no plaintext stays in the state")
  }

  @Test func aDatabaseThatNobodyChangedIsUnchanged() throws {
    let house = try household(.incremental)
    #expect(try house.backup().first?.status == .stored)
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .unchanged)
    _ = try query("\(house.source)/app.db", "insert into t values (3)")
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 120) }
    #expect(try house.backup().first?.status == .stored)
    #expect(try query("\(try restored(house))/app.db", "select sum(v) from t") == "6\n")
  }

  /// A process that moves amounts between accounts and counts its transfers, until `stop` is there.
  private static let writer = """
    import os, random, sqlite3, sys, time
    database, folder = sys.argv[1:]
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    connection.execute("pragma synchronous = off")
    done = 0
    while not os.path.exists(folder + "/stop"):
        connection.execute("begin immediate")
        for account in random.sample(range(1, 2001), 10):
            connection.execute("update accounts set amount = amount - 1, note = randomblob(2000) where id = ?", (account,))
            connection.execute("update accounts set amount = amount + 1 where id = ?", (2001 - account,))
        connection.execute("update transfers set count = count + 1")
        connection.execute("commit")
        done += 1
        with open(folder + "/done.part", "w") as file: file.write(str(done))
        os.rename(folder + "/done.part", folder + "/done")
        time.sleep(0.005)
    """

  @Test(arguments: ["wal", "delete"], SetConfiguration.Mode.allCases)
  func aWriterDoesNotSpoilIt(_ journal: String, _ mode: SetConfiguration.Mode) throws {
    let house = try household(
      mode,
      """
      pragma journal_mode = \(journal);
      create table transfers (count); insert into transfers values (0);
      create table accounts (id integer primary key, amount, note);
      insert into accounts select value, 100, randomblob(2000) from generate_series(1, 2000);
      create index amounts on accounts (amount, note)
      """)
    house.node.sets[0].paths = [house.source]
    let folder = house.folder.path
    let writer = try Command("python3", ["-c", Self.writer, "\(house.source)/app.db", folder])
    defer { _ = try? writer.wait(timeout: 30) }
    defer { try? FileContent.write([], to: "\(folder)/stop") }
    func done() -> Int {
      Int(String(decoding: (try? FileContent.read("\(folder)/done")) ?? [], as: UTF8.self)) ?? 0
    }
    while done() < 3 { usleep(20_000) }
    var before = done()
    for round in 1...2 {
      house.clock = { Timestamp(seconds: Timestamp.now().seconds + Int64(round) * 60) }
      let outcome = try #require(try house.backup().first)
      #expect(outcome.status == .stored, "\(outcome.reason ?? "") \(outcome.findings)")
      let tree = try restored(house, "restored-\(round)")
      #expect(try Command.succeed("ls", [tree]).lines == ["app.db"], "neither log nor journal")
      let copy = "\(tree)/app.db"
      #expect(
        try query(copy, "pragma integrity_check; select count(*), sum(amount) from accounts") == "ok\n2000|200000\n")
      let count = try #require(Int(try query(copy, "select count from transfers").dropLast()))
      #expect(count >= before, "what was committed before is there")
      while done() < count + 2 { usleep(20_000) }
      before = done()
    }
  }

  /// What is committed is only in the log yet, and the database is among the paths too.
  @Test func theCopyTakesTheLiveFilesPlace() throws {
    let house = try household(.full, "pragma journal_mode = wal; create table t (v)")
    try house.write("other.txt", "other\n")
    house.node.sets[0].paths = [house.source]
    let script = """
      import os, sqlite3, sys, time
      connection = sqlite3.connect(sys.argv[1], isolation_level=None)
      connection.execute("pragma wal_autocheckpoint = 0")
      connection.execute("insert into t values (7)")
      open(sys.argv[2] + "/ready", "w").close()
      while not os.path.exists(sys.argv[2] + "/stop"): time.sleep(0.02)
      """
    let holder = try Command("python3", ["-c", script, "\(house.source)/app.db", house.folder.path])
    defer { _ = try? holder.wait(timeout: 30) }
    defer { try? FileContent.write([], to: "\(house.folder.path)/stop") }
    while !Paths.exists("\(house.folder.path)/ready") { usleep(20_000) }
    #expect(Paths.exists("\(house.source)/app.db-wal") && Paths.exists("\(house.source)/app.db-shm"))
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.findings.isEmpty)
    let tree = try restored(house)
    #expect(try Command.succeed("ls", [tree]).lines == ["app.db", "other.txt"])
    #expect(try query("\(tree)/app.db", "select v from t") == "7\n")
  }

  /// What stands in the database's place, made by a script in the source folder, with the reason that must be given.
  static let failures: [(script: String, reason: String)] = [
    ("rm app.db", "does not exist"),
    (": > app.db", "is empty, and no SQLite database"),
    ("head -c 100000 /dev/urandom > app.db", "is not an SQLite database (or an encrypted one)"),
    ("printf 'SQLite' > app.db", "is not an SQLite database"),
    ("mv app.db real.db; ln -s real.db app.db", "is a symbolic link"),
    ("rm app.db; mkdir app.db", "is no regular file"),
    (
      "sqlite3 app.db 'insert into t select randomblob(3000) from generate_series(1, 50)'; "
        + "head -c 20000 /dev/urandom | dd of=app.db bs=1 seek=20000 conv=notrunc 2>&1", "it is damaged: "
    ),
    ("truncate -s 50 app.db", ""),
  ]

  @Test(arguments: failures.indices) func withoutAGoodCopyThereIsNoSnapshot(_ index: Int) throws {
    let house = try household()
    let (script, reason) = Self.failures[index]
    try Command.succeed("sh", ["-c", script], folder: house.source)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    let text = try #require(outcome.reason)
    #expect(text.hasPrefix("sqlite: \(house.source)/app.db") && text.contains(reason), "\(text)")
    #expect(try house.manifests().isEmpty)
    #expect(!Paths.exists("\(house.node.state)/spool"))
  }

  @Test func withoutRoomForTheCopyTheSetFails() throws {
    let house = try household(.incremental)
    house.adjust = { $0.spoolReserve = .max / 2 }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.reason?.hasPrefix("not enough room in ") == true)
    #expect(try house.manifests().isEmpty)
  }

  @Test func severalDatabasesAndACommandAreOneSet() throws {
    let house = try household(.incremental)
    try Command.succeed("sqlite3", ["\(house.source)/b.db", "create table t (v); insert into t values ('b')"])
    house.node.sets[0].sqlite.append("\(house.source)/b.db")
    house.node.sets[0].command = ["echo", "dumped"]
    for (round, status) in [SetOutcome.Status.stored, .unchanged].enumerated() {
      house.clock = { Timestamp(seconds: Timestamp.now().seconds + Int64(round) * 60) }
      #expect(try house.backup().first?.status == status)
    }
    let tree = try restored(house)
    #expect(try query("\(tree)/b.db", "select v from t") == "b\n")
    #expect(try query("\(tree)/app.db", "select sum(v) from t") == "3\n")
    // One that is no longer named is gone from the next snapshot.
    house.node.sets[0].sqlite.removeFirst()
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 180) }
    #expect(try house.backup().first?.status == .stored)
    #expect(try Command.succeed("ls", [try restored(house, "again")]).lines == ["b.db"])
  }
}
