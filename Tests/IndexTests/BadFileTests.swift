internal import Files
internal import Glibc
internal import Index
internal import TestKit
internal import Testing

/// Index files that cannot be used: each is told apart by its error's code.
struct BadFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder("index.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  private func code(_ path: String) -> IndexError.Code? {
    do {
      let set = try IndexFile.open(path).set("data")
      _ = try set.allFiles()
      for number in 0..<500 { _ = try set.chunk(Sample.digest(number)) }
      _ = try set.volumes()
      return nil
    } catch let error as IndexError {
      if [.notAnIndex, .damaged, .newer, .locked, .readOnly, .full].contains(error.code) { #expect(error.hint != nil) }
      #expect(error.path == path)
      return error.code
    } catch {
      return nil
    }
  }

  /// An index with 500 files and chunks, closed.
  private func fill() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let chunks = try set.addSampleVolume("v1", Array(0..<500))
    for number in 0..<500 { try set.stage(Sample.file("f\(number)", number, chunks: [chunks[number]])) }
    try set.publish()
  }

  private func sql(_ script: String) throws {
    let code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])"
    try Command.succeed("python3", ["-c", code, path, script])
  }

  @Test func aFileThatIsNotSQLite() throws {
    try FileContent.write(Array(repeating: UInt8(ascii: "x"), count: 10_000), to: path, mode: 0o600)
    #expect(code(path) == .notAnIndex)
    try FileContent.write(Array("short".utf8), to: path, mode: 0o600)
    #expect(code(path) == .notAnIndex)
    #expect(try FileContent.read(path) == Array("short".utf8))
    try IndexFile.remove(path)
    #expect(code(path) == nil)
    #expect(try Command.run("stat", ["-c", "%a", path]).text.hasPrefix("600"))
  }

  @Test func anotherProgramsDatabase() throws {
    try sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    #expect(code(path) == .notAnIndex)
  }

  @Test func aNewerVersionsIndex() throws {
    try fill()
    try sql("PRAGMA user_version = 2")
    #expect(code(path) == .newer)
  }

  @Test func anIndexWithoutItsTables() throws {
    try fill()
    try sql("DROP TABLE sets")
    #expect(code(path) == .damaged)
  }

  @Test func aFolderThatIsNotThere() {
    #expect(code(folder("missing/index.sqlite")) == .failed)
  }

  @Test func aCutOffFile() throws {
    try fill()
    let bytes = try FileContent.read(path)
    #expect(bytes.count > 100_000)
    for part in [2, 3, 10] {
      try FileContent.write(Array(bytes.prefix(bytes.count * (part - 1) / part)), to: path, mode: 0o600)
      #expect(code(path) == .damaged)
    }
  }

  /// Rows that SQLite itself would hand out without a word.
  @Test(arguments: ["./f123 size=123", "v1"]) func aFlippedBitInARow(_ text: String) throws {
    try fill()
    var bytes = try FileContent.read(path)
    let pattern = Array(text.utf8)
    var found = 0
    for position in 0..<bytes.count - pattern.count where bytes[position] == pattern[0] {
      guard bytes[position..<position + pattern.count].elementsEqual(pattern) else { continue }
      bytes[position] ^= 1
      found += 1
    }
    #expect(found > 0)
    try FileContent.write(bytes, to: path, mode: 0o600)
    #expect(code(path) == .damaged)
  }

  /// Wherever a sector is overwritten, it is an error or not noticed because nothing is there; never a wrong record.
  @Test func overwrittenSectors() throws {
    try fill()
    let good = try FileContent.read(path)
    let files: [FileRecord] = try IndexFile.open(path).set("data").allFiles()
    var noticed = 0
    for start in stride(from: 0, to: good.count, by: 8192) {
      var bytes = good
      for position in start..<min(start + 512, good.count) { bytes[position] = 0xA5 }
      try IndexFile.remove(path)
      try FileContent.write(bytes, to: path, mode: 0o600)
      do {
        #expect(try IndexFile.open(path).set("data").allFiles() == files)
      } catch let error as IndexError {
        #expect([.damaged, .notAnIndex].contains(error.code), "at \(start): \(error)")
        noticed += 1
      }
    }
    #expect(noticed > 5)
  }

  @Test func twoOpens() throws {
    let index = try IndexFile.open(path)
    _ = try index.set("data")
    #expect(code(path) == .locked)
    index.rollback()
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM sets')"
    #expect(try Command.run("python3", ["-c", script, path]).status != 0)
  }

  /// What a machine that loses power finds: the files as they are in the middle of a run.
  @Test func aCopyOfAnOpenIndexHasWhatWasCommitted() throws {
    try fill()
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    try set.addSampleVolume("v2", [1000])
    try index.commit()
    for number in 0..<15_000 {
      let line = [UInt8](repeating: 1, count: 1800)
      try set.stage(FileRecord(path: Sample.path("g\(number)"), stamp: Sample.stamp(number), line: line))
    }
    try set.addSampleVolume("v3", [2000])
    // The transaction is larger than the cache, so that part of it is in the file already.
    let copy = folder("copy.sqlite")
    for suffix in ["", "-wal"] {
      try FileContent.write(try FileContent.read(path + suffix), to: copy + suffix, mode: 0o600)
    }
    #expect(try FileContent.read(copy + "-wal").count > 1 << 20)
    let other = try IndexFile.open(copy).set("data")
    #expect(try other.fileCount() == 500)
    #expect(try other.chunk(Sample.digest(1000))?.uses == 0)
    #expect(try other.chunk(Sample.digest(2000)) == nil)
    #expect(try other.publish() == Publication(forgottenChunks: 1, forgottenVolumes: 1))
  }

  // As root, file modes stop nobody: file systems of their own do.

  private func mounted(_ options: String, _ body: (String) throws -> Void) throws {
    let place = folder("mount")
    try Paths.makeFolders(place)
    try Command.succeed("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place])
    defer { _ = try? Command.run("umount", ["-l", place]) }
    try body(place)
  }

  @Test func aReadOnlyFolder() throws {
    try fill()
    try mounted("size=16m") { place in
      try FileContent.write(try FileContent.read(path), to: "\(place)/index.sqlite", mode: 0o600)
      try Command.succeed("mount", ["-o", "remount,ro", place])
      #expect(code("\(place)/index.sqlite") == .readOnly)
      #expect(code("\(place)/new.sqlite") == .readOnly)
    }
  }

  @Test func aFullDisk() throws {
    try mounted("size=4m") { place in
      let path = "\(place)/index.sqlite"
      let first = [Sample.file("a", 1)]
      do {
        let index = try IndexFile.open(path)
        let set = try index.set("data")
        try set.stage(first[0])
        try set.publish()
        let error = #expect(throws: IndexError.self) {
          for number in 0..<200_000 { try set.stage(Sample.file("f\(number)", number)) }
          try index.commit()
        }
        #expect(error?.code == .full)
        index.rollback()
        #expect(try set.allFiles() == first)
      }
      #expect(try IndexFile.open(path).set("data").allFiles() == first)
    }
  }
}
