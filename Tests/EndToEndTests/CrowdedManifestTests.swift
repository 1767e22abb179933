internal import Digests
internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Incremental snapshots of millions of entries, as a thief of a node's key would claim them and as an honest node with
/// that many files has them: judged in bounded memory.
///
/// `REDOUBT_ENTRIES=10000000` tries so many in place of some thousand.
struct CrowdedManifestTests {
  /// A name, the listing, and how a verification to level `readable` has to end.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var status: Int32
    var change: @Sendable (inout HostileManifest, Int) -> Void
    var testDescription: String { name }

    init(_ name: String, _ status: Int32, _ change: @escaping @Sendable (inout HostileManifest, Int) -> Void) {
      (self.name, self.status, self.change) = (name, status, change)
    }
  }

  private static let entries = getenv("REDOUBT_ENTRIES").flatMap { Int(String(cString: $0)) } ?? 20_000
  /// What the source holds: one file of this content.
  private static let digest = SHA256.digest(Array("x".utf8)).hex
  private static let metadata = "uid=0 gid=0 mode=0644 time=1.000000000"

  private static func number(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 9 - digits.count) + digits
  }

  private static func rows(_ count: Int, _ row: (Int) -> String) -> [HostileManifest.Piece] {
    stride(from: 0, to: count, by: 20_000).map { start in
      HostileManifest.Piece((start..<min(count, start + 20_000)).map(row).joined())
    }
  }

  private static func file(_ number: Int, size: Int = 1, digest: String = digest) -> String {
    "./f/\(Self.number(number)) type=file size=\(size) \(metadata) sha256digest=\(digest)\n"
  }

  static let cases: [Case] = [
    Case("files of one chunk, all of it the same", 0) { manifest, count in
      manifest.set("files.mtree", [.init("#mtree\n")] + rows(count) { file($0) })
      manifest.set("contents.tsv", rows(count) { _ in "1\n" })
    },
    Case("files of one chunk that is nowhere", 4) { manifest, count in
      let files = rows(count) { file($0, digest: String(repeating: "0", count: 55) + number($0)) }
      manifest.set("files.mtree", [.init("#mtree\n")] + files)
      manifest.set("contents.tsv", rows(count) { _ in "1\n" })
    },
    Case("files of two chunks, one of a volume that is not there", 4) { manifest, count in
      manifest.set("files.mtree", [.init("#mtree\n")] + rows(count) { file($0, size: 2) })
      manifest.set("contents.tsv", rows(count) { _ in "1:1:\(digest) 9:1:\(digest)\n" })
    },
    Case("one file of many chunks", 0) { manifest, count in
      manifest.set(
        "files.mtree", [.init("#mtree\n./f type=file size=\(count) \(metadata) sha256digest=\(digest)\n")])
      manifest.set("contents.tsv", rows(count) { "1:1:\(digest)\($0 == count - 1 ? "\n" : " ")" })
      manifest.count(1 - count)
    },
    Case("folders", 0) { manifest, count in
      manifest.set("files.mtree", [.init("#mtree\n")] + rows(count) { "./f\(number($0)) type=dir \(metadata)\n" })
      manifest.set("contents.tsv", [])
      manifest.change("snapshot.json") { $0.replacing(/"files" : [0-9]+/, with: "\"files\" : 0") }
    },
    Case("hard links", 0) { manifest, count in
      manifest.set("files.mtree", [.init("#mtree\n")] + rows(count) { file($0) })
      manifest.set("contents.tsv", [.init("1\n")])
      manifest.set("links.tsv", rows(count - 1) { "./f/\(number($0 + 1))\t./f/000000000\n" })
    },
    Case("files with attributes", 0) { manifest, count in
      manifest.set("files.mtree", [.init("#mtree\n")] + rows(count) { file($0) })
      manifest.set("contents.tsv", rows(count) { _ in "1\n" })
      let value = String(repeating: "A", count: 400)
      manifest.set("attributes.tsv", rows(count) { "./f/\(number($0))\tuser.a\t\(value)\n" })
    },
  ]

  @Test(arguments: cases) func manyEntriesAreJudgedInBoundedMemory(_ test: Case) throws {
    let house = try Installation()
    house.sets[0].settings = "mode = \"incremental\""
    try house.configure()
    try house.write("a", "x")
    #expect(try house.node(["backup"]).status == 0)
    let key = try #require(try house.manifests().first)
    let sound = try house.keys.keeper.gpg(["--decrypt", "\(house.disk)/\(key)"]).output
    var manifest = try HostileManifest(sound)
    manifest.count(Self.entries - manifest.entryCount)
    test.change(&manifest, Self.entries)
    let message = try house.keys.node.gpg(
      [
        "-z", "0", "--trust-model", "always", "-u", house.keys.signer, "--sign", "-r", house.keys.recipient,
        "--encrypt",
      ], input: try manifest.serialized()
    ).output
    try FileContent.write(message, to: "\(house.disk)/\(key)")
    let script = """
      import os, resource, subprocess, sys
      with open(sys.argv[2], "w") as output: code = subprocess.run(sys.argv[3:], stdout=output, stderr=output).returncode
      open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
      sys.exit(code if code >= 0 else 128 - code)
      """
    let (note, output) = (house.folder("peak"), house.folder("output"))
    let outcome = try Command.run(
      "python3",
      [
        "-c", script, note, output, try Installation.Program.redoubtVerify.path, "verify", "--config",
        house.folder("verify.toml"),
      ], environment: house.environment, timeout: 3600)
    let said = try Command.succeed("tail", ["-n", "3", output]).text
    #expect(outcome.status == test.status, "\(said)")
    let peak = try #require(Int(String(decoding: try FileContent.read(note), as: UTF8.self)))
    #expect(peak < 400 << 10, "\(peak >> 10) MiB")
    print("\(test.name): \(peak >> 10) MiB")
  }
}
