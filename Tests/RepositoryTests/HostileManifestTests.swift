import Archive
import Digests
import Files
import Repository
import TestKit
import Testing

/// Manifests that contradict the format or themselves: refused, whoever signed them.
@Suite struct HostileManifestTests {
  /// A name, and what is wrong with the manifest.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var change: @Sendable (inout HostileManifest) -> Void
    var testDescription: String { name }

    init(_ name: String, _ change: @escaping @Sendable (inout HostileManifest) -> Void) {
      self.name = name
      self.change = change
    }
  }

  private static let digest = String(repeating: "e", count: 64)
  private static let line = "type=file uid=0 gid=0 mode=0644 size=0 time=1.000000000 sha256digest=\(digest)"

  static let volume =
    "data/20261121T020000Z-7f3a/volume-000001.tar.zst.gpg\t10\t\(digest)\t9\t\(digest)\t2048\t0\t0\t1"

  /// A small manifest of each mode.
  static func sound(_ mode: String) -> HostileManifest {
    var members = [
      (
        "snapshot.json",
        """
        {"v" : 1, "id" : "20261121T020000Z-7f3a", "host" : "peer-1", "set" : "data", "class" : "client-database",
        "mode" : "\(mode)", "epoch" : "20261120T020000Z-00000001", "started" : "2026-11-21T02:00:00Z",
        "finished" : "2026-11-21T02:00:01Z", "paths" : ["/t"], "recipients" : [], "signer" : "X", "tool" : "by hand",
        "entries" : 3, "files" : 2, "bytes" : 5, "findings" : []}
        """
      ),
      (
        "volumes.tsv",
        "#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid\n\(volume)\n"
      ),
    ]
    if mode == "incremental" { members.append(("contents.tsv", "1:2:\(digest) 1:3:\(digest)\n-\n")) }
    members.append(
      (
        "files.mtree",
        """
        #mtree
        ./t type=dir uid=0 gid=0 mode=0755 time=1.000000000
        ./t/a \(line.replacing("size=0", with: "size=5"))
        ./t/b \(line)

        """
      ))
    return HostileManifest(members.map { (name: $0.0, text: $0.1) })
  }

  private func read(_ manifest: HostileManifest) throws -> Int {
    var count = 0
    try Manifest(try manifest.serialized()).forEachEntry { _, _ in count += 1 }
    return count
  }

  @Test(arguments: ["full", "incremental"]) func whatTheCasesBeginWithIsSound(_ mode: String) throws {
    #expect(try read(Self.sound(mode)) == 3)
  }

  @Test(arguments: contradictions) func aContradictionIsRefused(_ test: Case) throws {
    var manifest = Self.sound("full")
    test.change(&manifest)
    #expect(throws: ManifestError.self) { try read(manifest) }
  }

  @Test(arguments: chunkContradictions) func aContradictionOfChunksIsRefused(_ test: Case) throws {
    var manifest = Self.sound("incremental")
    test.change(&manifest)
    #expect(throws: ManifestError.self) { try read(manifest) }
  }

  static let contradictions: [Case] =
    [
      "./../x", "./a/../../x", ".//etc/passwd", "/etc/passwd", "./a//b", "./a/./b", "./", "", "./..", "./\\000",
      "./a\\000b", "./zzz\\", "./zzz\\9", "./zzz\\777", "x", "./\\057", "./zzz/",
    ].map { path in
      Case("the path '\(path)'") { $0.list(["\(path) \(line)"]) }
    }
    + [
      Case("a path twice") { $0.list(["./zzz \(line)", "./zzz \(line)"]) },
      Case("a path below a link") {
        $0.list(["./zzz type=link uid=0 gid=0 mode=0777 time=1.000000000 link=/tmp", "./zzz/x \(line)"])
      },
      Case("a path below a file") { $0.list(["./zzz \(line)", "./zzz/x \(line)"]) },
      Case("paths out of order") { $0.list(["./zzz \(line)", "./yyy \(line)"]) },
      Case("a size past 2^63") { $0.list(["./zzz \(line.replacing("size=0", with: "size=9223372036854775808"))"]) },
      Case("a size past 2^64") { $0.list(["./zzz \(line.replacing("size=0", with: "size=18446744073709551616"))"]) },
      Case("a negative size") { $0.list(["./zzz \(line.replacing("size=0", with: "size=-1"))"]) },
      Case("a time past all") { $0.list(["./zzz \(line.replacing("time=1.", with: "time=9223372036854775808."))"]) },
      Case("an owner past 2^32") { $0.list(["./zzz \(line.replacing("uid=0", with: "uid=4294967296"))"]) },
      Case("a number of entries below zero") {
        $0.change("snapshot.json") { $0.replacing(/"entries" : [0-9]+/, with: "\"entries\" : -5") }
      },
      Case("a number of entries past all") {
        $0.change("snapshot.json") { $0.replacing(/"entries" : [0-9]+/, with: "\"entries\" : 9223372036854775807") }
      },
      Case("a number of files past that of entries") {
        $0.change("snapshot.json") { $0.replacing(/"files" : [0-9]+/, with: "\"files\" : 9223372036854775807") }
      },
      Case("no description") { $0.set("snapshot.json", [.init("")]) },
      Case("a description twice") { $0.members.insert($0.members[0], at: 1) },
      Case("no table") { $0.members.removeAll { $0.name == "volumes.tsv" } },
      Case("no listing") { $0.members.removeAll { $0.name == "files.mtree" } },
      Case("another version") { $0.change("snapshot.json") { $0.replacing("\"v\" : 1", with: "\"v\" : 2") } },
      Case("another mode") { $0.change("snapshot.json") { $0.replacing("\"mode\" : \"full\"", with: "\"mode\" : 5") } },
      Case("a link to what comes later") {
        $0.list(["./zzz \(line)"])
        $0.set("links.tsv", [.init("./zzz\t./zzzz\n")])
      },
      Case("a link to itself") {
        $0.list(["./zzz \(line)"])
        $0.set("links.tsv", [.init("./zzz\t./zzz\n")])
      },
      Case("a link out of the tree") {
        $0.list(["./zzz \(line)"])
        $0.set("links.tsv", [.init("./zzz\t./../../etc/passwd\n")])
      },
      Case("a link that is not listed") { $0.set("links.tsv", [.init("./zzzz\t./a\n")]) },
      Case("an attribute of what is not listed") { $0.set("attributes.tsv", [.init("./zzzz\tuser.a\tAA==\n")]) },
      Case("an attribute without a name") {
        $0.list(["./zzz \(line)"])
        $0.set("attributes.tsv", [.init("./zzz\t\tAA==\n")])
      },
    ]
    + [1, 3, 5].flatMap { column in
      ["75497473", "9223372036854775807", "9223372036854775808", "-1", "", "x"].map { value in
        Case("'\(value)' as volume's column \(column)") { manifest in
          manifest.change("volumes.tsv") { table in
            var lines = table.split(separator: "\n").map(String.init)
            var fields = lines[1].split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            fields[column] = value
            lines[1] = fields.joined(separator: "\t")
            return lines.map { "\($0)\n" }.joined()
          }
        }
      }
    }
    + [
      "/etc/passwd", "../../etc/passwd", "data/../../../etc/volume-1.tar.zst.gpg",
      "data//volume-000001.tar.zst.gpg", "",
    ].map { key in
      Case("a volume named '\(key)'") {
        $0.change("volumes.tsv") { $0.replacing(/\n[^\t\n]+\t/, with: "\n\(key)\t", maxReplacements: 1) }
      }
    }

  static let chunkContradictions: [Case] =
    [
      "1:2:D 1:4:D", "1:2:D 1:2:D", "1:2:D", "1:5:D 1:1:D", "1:9223372036854775807:D 1:9223372036854775807:D 1:7:D",
      "1:-2:D 1:7:D", "0:2:D 1:3:D", "-1:2:D 1:3:D", "1:0:D 1:5:D", "1:2:D  1:3:D", "1:2:D 1:3:D ", " 1:2:D 1:3:D",
      "1:2:E 1:3:D", "1:2 1:3:D", "1:2:D:1 1:3:D", "-", "", "0", "-5", "9223372036854775808", "x",
      "1:18446744073709551617:D 1:4:D",
    ].map { line in
      Case("the chunks '\(line)'") {
        $0.set(
          "contents.tsv", [.init("\(line)\n-\n".replacing("D", with: digest).replacing("E", with: digest.dropLast()))])
      }
    } + [
      Case("a line too few") { $0.set("contents.tsv", [.init("1\n")]) },
      Case("a line too many") { $0.set("contents.tsv", [.init("1\n-\n-\n")]) },
      Case("no line end") { $0.set("contents.tsv", [.init("1\n-")]) },
      Case("content of an empty file") { $0.set("contents.tsv", [.init("1\n1:1:\(digest)\n")]) },
      Case("a listing in chunks of another member") {
        $0.set("listing.tsv", [.init("snapshot.json\t1\t5\t\(digest)\n")])
      },
      Case("a listing in chunks and in the manifest") {
        $0.set("listing.tsv", [.init("files.mtree\t1\t5\t\(digest)\n")])
      },
    ]
}
