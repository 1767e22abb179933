import CommandLineOutput
import Files
import FoundationEssentials
import Glibc
import Journal
import TestKit
import Testing

@Suite struct JournalTests {
  /// An entry as journalctl shows it; a message that is not plain text comes as numbers.
  struct Entry: Decodable {
    var MESSAGE: String
    var PRIORITY: String
    var SYSLOG_IDENTIFIER: String
    var REDOUBT_HOST: String?
    var REDOUBT_SET: String?
    var REDOUBT_SNAPSHOT: String?
    var _TRANSPORT: String
  }

  func decode(_ lines: [[UInt8]]) throws -> [Entry] {
    try lines.map { try JSONDecoder().decode(Entry.self, from: Data($0)) }
  }

  @Test func theRealJournalTakesEveryEntry() throws {
    let server = try JournalServer()
    let journal = try #require(Journal(identifier: "redoubt", path: server.socket))
    let messages = [
      "plain", "two\nlines", "a=b", "", "ends with a line break\n", "ü 🙂",
      // Longer than a datagram may be.
      String(repeating: "long\n", count: 200_000),
    ]
    for message in messages {
      let fields = [JournalField("REDOUBT_SET", "data"), JournalField("REDOUBT_SNAPSHOT", "a\nb")]
      #expect(journal.send(JournalEntry(.warning, message, fields)), "\(message.prefix(20))")
    }
    let entries = try decode(try server.entries("REDOUBT_SET=data", count: messages.count))
    #expect(entries.map(\.MESSAGE) == messages)
    #expect(entries.allSatisfy { $0.PRIORITY == "4" && $0.SYSLOG_IDENTIFIER == "redoubt" })
    #expect(entries.allSatisfy { $0.REDOUBT_SNAPSHOT == "a\nb" && $0._TRANSPORT == "journal" })
  }

  @Test func theStreamIsKnownByItsFile() throws {
    var status = stat()
    #expect(fstat(0, &status) == 0)
    let (device, inode) = (status.st_dev, status.st_ino)
    #expect(Journal.isJournal(0, stream: "\(device):\(inode)"))
    for other in [
      "\(device):\(inode + 1)", "\(device + 1):\(inode)", "", ":", "\(device)", "\(device):\(inode):1", "x:y",
    ] {
      #expect(!Journal.isJournal(0, stream: other), "\(other)")
    }
    #expect(!Journal.isJournal(0, stream: nil))
    #expect(!Journal.isJournal(-1, stream: "\(device):\(inode)"))
  }

  /// A file in the place of the stream that systemd connects.
  private func output(_ folder: TemporaryFolder, _ journal: Journal?, isJSON: Bool = false) throws -> Output {
    let file = open(folder("stream"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    var status = stat()
    try #require(file >= 0 && fstat(file, &status) == 0)
    return Output(
      isJSON: isJSON, results: file, messages: file, terminal: "dumb", journal: journal,
      stream: "\(status.st_dev):\(status.st_ino)")
  }

  private func written(_ folder: TemporaryFolder) throws -> String {
    String(decoding: try FileContent.read(folder("stream")), as: UTF8.self)
  }

  @Test func messagesKeepWhatTheyAreAbout() throws {
    let server = try JournalServer()
    let folder = try TemporaryFolder("journal")
    let output = try output(folder, Journal(identifier: "redoubt", path: server.socket))
    output.isAbout(host: "peer-1")
    output.line("data: stored", about: Subject(set: "data", snapshot: "20261121T020000Z-7f3a"))
    output.error("it failed", hint: "mend it", about: Subject(set: "data"))
    output.warning("careful", about: Subject(host: "peer-2"))
    output.note("going on")
    output.debug("not asked for")
    let entries = try decode(try server.entries("SYSLOG_IDENTIFIER=redoubt", count: 4))
    #expect(
      entries.map(\.MESSAGE) == ["data: stored", "error: it failed\nhint: mend it", "warning: careful", "going on"])
    #expect(entries.map(\.PRIORITY) == ["6", "3", "4", "6"])
    #expect(entries.map(\.REDOUBT_HOST) == ["peer-1", "peer-1", "peer-2", "peer-1"])
    #expect(entries.map(\.REDOUBT_SET) == ["data", "data", nil, nil])
    #expect(entries[0].REDOUBT_SNAPSHOT == "20261121T020000Z-7f3a")
    #expect(try written(folder) == "")
  }

  /// Without its socket, lines go to the stream, whose reader knows their priority by their beginning.
  @Test func withoutItsSocketNothingIsLost() throws {
    let folder = try TemporaryFolder("journal")
    let output = try output(folder, Journal(identifier: "redoubt", path: folder("no-socket")))
    output.error("it failed", hint: "mend it", about: Subject(set: "data"))
    output.line("data: stored")
    #expect(try written(folder) == "<3>error: it failed\n<3>hint: mend it\ndata: stored\n")
  }

  /// JSON stays what it is, for whoever reads it from the stream.
  @Test func jsonIsNoMessage() throws {
    let server = try JournalServer()
    let folder = try TemporaryFolder("journal")
    let output = try output(folder, Journal(identifier: "redoubt", path: server.socket), isJSON: true)
    output.error("it failed")
    output.event("summary", [.init("exit", 1)])
    #expect(
      try written(folder)
        == "{\"type\":\"error\",\"message\":\"it failed\"}\n{\"type\":\"summary\",\"exit\":1}\n")
    #expect(
      try decode(try server.entries("SYSLOG_IDENTIFIER=redoubt", count: 1)).map(\.MESSAGE) == ["error: it failed"])
  }
}
