internal import Archive
internal import Files
internal import Index
internal import TestKit
internal import Testing

struct CursorTests {
  private let folder: TemporaryFolder
  private let index: IndexFile
  private let set: SetIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try IndexFile.open(folder("index.sqlite"))
    set = try index.set("data")
  }

  @Test func orderIsThatOfTheWalk() throws {
    var random = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = [1, 0x20, 0x2D, 0x2E, 0x30, 0x61, 0x62, 0x7F, 0x80, 0xFF]
    var paths: Set<[UInt8]> = [[UInt8(ascii: ".")], Sample.path("a"), Sample.path("a.b"), Sample.path("a/b")]
    while paths.count < 3000 {
      let components = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<Int.random(in: 1...3, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 1 }
      }
      if components.contains(where: { $0 == [0x2E] || $0 == [0x2E, 0x2E] }) { continue }
      paths.insert(Array(components.joined(separator: [UInt8(ascii: "/")])))
    }
    for path in paths {
      try set.stage(FileRecord(path: path, stamp: Sample.stamp(1), line: []))
    }
    try set.publish()
    let sorted = paths.sorted { walkOrder($0, $1) < 0 }
    #expect(try set.allFiles().map(\.path) == sorted)
    let cursor = try set.files()
    var position = 0
    while try cursor.advance() {
      #expect(cursor.path == sorted[position])
      let other = sorted.randomElement(using: &random) ?? []
      #expect(cursor.compare(other).signum() == walkOrder(other, sorted[position]).signum())
      #expect(cursor.compare(sorted[position]) == 0)
      position += 1
    }
    #expect(position == sorted.count)
  }

  /// The merge of a walk with the last snapshot, while volumes are committed and files staged.
  @Test func commitsDoNotDisturbACursor() throws {
    let files = (0..<500).map { Sample.file("f\(1000 + $0)", $0) }
    for file in files { try set.stage(file) }
    try set.publish()
    let cursor = try set.files()
    var seen: [FileRecord] = []
    var number = 0
    while try cursor.advance() {
      number += 1
      let stamp = try #require(cursor.stamp)
      if number % 3 == 0 { try set.stageRemoval(cursor.path) }
      if number % 5 == 0 {
        try set.addSampleVolume("v\(number)", [number])
        try index.commit()
      }
      if number % 7 == 0 { index.rollback() }
      #expect(cursor.stamp == stamp)
      seen.append(
        FileRecord(
          path: cursor.path, stamp: stamp, line: Array(try cursor.line()), attributes: Array(try cursor.attributes()),
          chunks: try cursor.chunks()))
      #expect(try cursor.record() == seen.last)
    }
    #expect(seen == files)
    #expect(try cursor.advance() == false)
    #expect(throws: IndexError.self) { try cursor.line() }
  }

  @Test func anUnstartedCursorIsOnNoFile() throws {
    let cursor = try set.files()
    #expect(cursor.stamp == nil)
    #expect(throws: IndexError.self) { try cursor.record() }
    #expect(try cursor.advance() == false)
  }

  @Test func aHundredThousandRows() throws {
    let count = 100_000
    for start in stride(from: 0, to: count, by: 1000) {
      try set.addSampleVolume("v\(start)", Array(start..<start + 1000))
      try index.commit()
    }
    func file(_ number: Int) throws -> FileRecord {
      let name = "dir\(number % 100)/file\(number)"
      let chunk = try #require(try set.chunk(Sample.digest(number)))
      return Sample.file(name, number, chunks: [chunk.id])
    }
    for number in 0..<count { try set.stage(try file(number)) }
    #expect(try set.publish() == Publication(stagedFiles: count))
    for number in stride(from: 0, to: count, by: 1000) {
      try set.stage(Sample.file("dir\(number % 100)/file\(number)", number + 1))
    }
    #expect(try set.publish() == Publication(stagedFiles: 100, forgottenChunks: 100))

    let cursor = try set.files()
    var seen = 0
    var last: [UInt8] = []
    while try cursor.advance() {
      let path = cursor.path
      #expect(seen == 0 || walkOrder(last, path) < 0)
      last = path
      seen += 1
      let name = String(decoding: path, as: UTF8.self)
      let number = try #require(Int(name.drop { $0 != "/" }.dropFirst(5)))
      let isChanged = number % 1000 == 0
      #expect(cursor.stamp == Sample.stamp(isChanged ? number + 1 : number))
      #expect(try cursor.chunks().count == (isChanged ? 0 : 1))
    }
    #expect(seen == count)
    #expect(try set.fileCount() == count)
    #expect(try set.volumes().map(\.liveBytes) == Array(repeating: 999_000, count: 100))
  }
}
