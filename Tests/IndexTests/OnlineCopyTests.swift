import Files
import Glibc
import Index
import TestKit
import Testing

/// Copies of databases that somebody else has open.
@Suite struct OnlineCopyTests {
  let folder: TemporaryFolder
  let database: String

  init() throws {
    folder = try TemporaryFolder()
    database = folder("app %?#.db")
    try Command.succeed("sqlite3", [database, "create table t (v); insert into t values (1)"])
  }

  /// Runs Python with the database's path as `sys.argv[1]` and a connection, until `stop` is there.
  private func holding(_ script: String) throws -> Command {
    let opening = "import os, sqlite3, sys, time\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    let waiting =
      "\nopen(sys.argv[2] + '/ready', 'w').close()\nwhile not os.path.exists(sys.argv[2] + '/stop'): time.sleep(0.02)\n"
    let holder = try Command("python3", ["-c", opening + script + waiting, database, folder.path])
    while !Paths.exists(folder("ready")) { usleep(20_000) }
    return holder
  }

  private func release(_ holder: Command) throws {
    try FileContent.write([], to: folder("stop"))
    #expect(try holder.wait().status == 0)
  }

  @Test func aLockIsWaitedForAndThenToldOf() throws {
    let holder = try holding("c.execute('begin exclusive')")
    do throws(OnlineCopyError) {
      try OnlineCopy.make(of: database, at: folder("copy"), patience: 0.3)
      Issue.record("it is locked")
    } catch {
      #expect(error.code == .locked && error.reason == "was locked by another for 0 s")
    }
    #expect(!Paths.exists(folder("copy")))
    do throws(OnlineCopyError) {
      try OnlineCopy.make(of: database, at: folder("copy"), isCancelled: { true })
      Issue.record("it was cancelled")
    } catch { #expect(error.code == .cancelled) }
    try release(holder)
    try OnlineCopy.make(of: database, at: folder("copy"))
  }

  @Test func aTransactionThatNobodyFinishedIsLeftToItsProgram() throws {
    let holder = try holding(
      """
      c.execute('pragma cache_size = 1'); c.execute('begin immediate')
      c.execute('with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) '
        + 'insert into t select randomblob(2000) from n')
      """)
    holder.signal(SIGKILL)
    _ = try holder.wait()
    #expect(Paths.exists("\(database)-journal"))
    let before = try FileContent.read(database)
    do throws(OnlineCopyError) {
      try OnlineCopy.make(of: database, at: folder("copy"))
      Issue.record("its journal is hot")
    } catch { #expect(error.code == .unfinished, "\(error)") }
    #expect(try FileContent.read(database) == before, "nothing is changed")
    // Its program opens it once.
    try Command.succeed("sqlite3", [database, "select * from t"])
    try OnlineCopy.make(of: database, at: folder("copy"))
    #expect(try Command.succeed("sqlite3", [folder("copy"), "select count(*) from t"]).text == "1\n")
  }

  /// A crash left committed content in the log alone: it is in the copy, and the log stays.
  @Test func aLogThatACrashLeftIsReadAndNotTouched() throws {
    let holder = try holding(
      "c.execute('pragma journal_mode = wal'); c.execute('pragma wal_autocheckpoint = 0'); c.execute('insert into t values (2)')"
    )
    holder.signal(SIGKILL)
    _ = try holder.wait()
    let before = try FileContent.read(database)
    let log = try FileContent.read("\(database)-wal")
    #expect(!log.isEmpty)
    try OnlineCopy.make(of: database, at: folder("copy"))
    #expect(try Command.succeed("sqlite3", [folder("copy"), "select sum(v) from t"]).text == "3\n")
    #expect(try FileContent.read(database) == before)
    #expect(try FileContent.read("\(database)-wal") == log)
  }

  @Test func theCopyIsPrivateAloneAndRepeatable() throws {
    for name in ["one %?#", "two"] { try OnlineCopy.make(of: database, at: folder(name)) }
    var status = stat()
    #expect(stat(folder("two"), &status) == 0 && status.st_mode & 0o7777 == 0o600)
    #expect(try FileContent.read(folder("one %?#")) == (try FileContent.read(folder("two"))))
    #expect(try Command.succeed("ls", [folder.path]).lines == ["app %?#.db", "one %?#", "two"])
    // What has the name already is not ours.
    #expect(throws: OnlineCopyError.self) { try OnlineCopy.make(of: database, at: folder("two")) }
    #expect(Paths.exists(folder("two")))
  }
}
