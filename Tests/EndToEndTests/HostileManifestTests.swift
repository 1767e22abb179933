internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// What a thief of a node's key can sign: refused with a finding, in bounded memory, and nothing is written but where a
/// restore was asked for.
struct HostileManifestTests {
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

  private static let block = 4 << 20
  private static let entry = "type=file uid=0 gid=0 mode=0644 size=0 time=1.000000000"
  private static let line = "\(entry) sha256digest=\(String(repeating: "e", count: 64))"

  static let bombs: [Case] = [
    Case("a list of eight gigabytes of zeros") {
      $0.set("links.tsv", [.init(zeros: block, 2048)])
    },
    Case("a list of eight gigabytes of short lines") {
      let text = String(repeating: "./x\t./y\n", count: block / 8)
      $0.set("links.tsv", [.init(text, 2048)])
    },
    Case("attributes of one file without end") {
      let text = String(repeating: "./zzz\tuser.a\tAAAA\n", count: block / 18)
      $0.list(["./zzz \(line)"])
      $0.set("attributes.tsv", [.init(text, 64)])
    },
    Case("a frame that holds four gigabytes") {
      $0.before = Array(HostileManifestTests.frame(claiming: 4 << 30))
    },
    Case("a frame that claims all there is") {
      $0.before = Array(HostileManifestTests.frame(claiming: UInt64.max - 2))
    },
    Case("half a million empty frames") {
      $0.before = Array(repeatElement(HostileManifestTests.emptyFrame, count: 500_000).joined())
    },
    Case("a line of two gigabytes") {
      $0.set("files.mtree", [.init("#mtree\n./"), .init(String(repeating: "a", count: block), 512)])
    },
    Case("a word of two gigabytes") {
      $0.set("files.mtree", [.init("#mtree\n./a x="), .init(String(repeating: "a", count: block), 512), .init("\n")])
    },
    Case("a description of two gigabytes") {
      $0.set("snapshot.json", [.init(String(repeating: " ", count: block), 512)])
    },
    Case("a description nested a million times") {
      $0.set("snapshot.json", [.init(String(repeating: "[", count: 1 << 20))])
    },
    Case("a table of two gigabytes") { manifest in
      let row = manifest.text("volumes.tsv")
      manifest.set("volumes.tsv", [.init(row), .init(String(repeating: "x", count: block), 512)])
    },
    Case("a table of a million volumes and more") { manifest in
      let lines = manifest.text("volumes.tsv").split(separator: "\n")
      let rows = String(repeating: "\(lines[1])\n", count: 10_000)
      manifest.set("volumes.tsv", [.init("\(lines[0])\n"), .init(rows, 110)])
    },
    Case("references to a listing of exabytes") { manifest in
      let row = "files.mtree\t1\t9223372036854775807\t\(String(repeating: "0", count: 64))\n"
      manifest.set("listing.tsv", [.init(row, 3)])
      manifest.members.removeAll { $0.name == "files.mtree" }
    },
    Case("more entries than counted") { manifest in
      manifest.set("files.mtree", [.init(manifest.text("files.mtree")), .init("./x/\u{20}\(line)\n", 1)])
    },
    Case("entries in a row that never ends") { manifest in
      let rows = (0..<10_000).map { "./same/\($0) \(line)\n" }.joined()
      manifest.set("files.mtree", [.init("#mtree\n"), .init(rows, 1000)])
      manifest.count(10_000_000)
    },
  ]

  /// A frame header that declares a size (RFC 8878, section 3.1.1) and one empty last block.
  static func frame(claiming size: UInt64) -> [UInt8] {
    [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * UInt64($0))) } + [1, 0, 0]
  }
  static let emptyFrame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 1, 0, 0]

  private static let contradictions: [Case] =
    ["./../x", "/etc/passwd", "./a/../../x", "./zzz/\\000"].map { path in
      Case("the path '\(path)'") { $0.list(["\(path) \(line)"]) }
    } + [
      Case("a path twice") { $0.list(["./zzz \(line)", "./zzz \(line)"]) },
      Case("a path below a link") {
        $0.list(["./zzz type=link uid=0 gid=0 mode=0777 time=1.000000000 link=/tmp", "./zzz/x \(line)"])
      },
      Case("a link out of the tree") {
        $0.list(["./zzz \(line)"])
        $0.set("links.tsv", [.init("./zzz\t./../../etc/passwd\n")])
      },
    ]

  private func installation() throws -> Installation {
    let house = try Installation()
    try house.write("a", "one\n")
    try house.write("b", "two\n")
    #expect(try house.node(["backup"]).status == 0)
    return house
  }

  private func expectRefused(
    _ cases: [Case], level: String, restores: Bool = false, megabytes: Int = 400
  ) throws {
    let house = try installation()
    let sound = try manifest(house)
    for folder in ["scratch", "target"] { try Paths.makeFolders(house.folder(folder)) }
    let before = try files(house)
    for test in cases {
      var manifest = sound
      test.change(&manifest)
      try store(manifest, house)
      let (outcome, peak) = try measured(
        ["verify", "--level", level, "--scratch", house.folder("scratch"), "--json"], house)
      let text = "\(test.name): \(outcome.status) \(outcome.text.prefix(2000))\(outcome.errorText.prefix(1000))"
      #expect(outcome.status == 4, "\(text)")
      let lines = try Installation.json(outcome)
      #expect(lines.contains { $0.type == "finding" && $0.code == "malformed" }, "\(text)")
      #expect(lines.contains { $0.type == "verification" && $0.result == "damaged" }, "\(text)")
      #expect(peak < megabytes << 10, "\(test.name): \(peak >> 10) MiB")
      if restores {
        let restored = try house.keeper(["restore", "latest", "--target", house.folder("target"), "--force"])
        #expect(restored.status == 4, "\(test.name): \(restored.status) \(restored.text)\(restored.errorText)")
      }
      // What stands in the target are files that were stored, under their own names.
      let target = try Command.succeed("find", [house.folder("target"), "-not", "-type", "d", "-printf", "%P\\n"]).lines
      #expect(target.allSatisfy { ["a", "b"].contains($0.split(separator: "/").last) }, "\(test.name): \(target)")
      try Command.succeed("find", [house.folder("target"), "-mindepth", "1", "-delete"])
      #expect(try files(house) == before, "\(test.name)")
    }
    try store(sound, house)
    try house.expectSound("restored")
  }

  private func manifest(_ house: Installation) throws -> HostileManifest {
    let key = try #require(try house.manifests().first)
    return try HostileManifest(try house.keys.keeper.gpg(["--decrypt", "\(house.disk)/\(key)"]).output)
  }

  /// Puts it, signed by the node's key, in the place of the snapshot's manifest.
  private func store(_ manifest: HostileManifest, _ house: Installation) throws {
    let key = try #require(try house.manifests().first)
    let message = try house.keys.node.gpg(
      [
        "-z", "0", "--trust-model", "always", "-u", house.keys.signer, "--sign", "-r", house.keys.recipient,
        "--encrypt",
      ], input: try manifest.serialized()
    ).output
    try FileContent.write(message, to: "\(house.disk)/\(key)")
  }

  /// Everything but the keeper's own state.
  private func files(_ house: Installation) throws -> [String] {
    let state = house.folder("keeper")
    return try Command.succeed("find", [house.folder.path]).lines.filter { !$0.hasPrefix(state) }.sorted()
  }

  /// Runs the keeper's program.
  /// - Returns: how it ended, and the most memory that it or a child of its took at one time, in KiB.
  private func measured(_ arguments: [String], _ house: Installation) throws -> (Command.Outcome, Int) {
    let script = """
      import os, resource, subprocess, sys
      code = subprocess.run(sys.argv[2:]).returncode
      open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
      sys.exit(code if code >= 0 else 128 - code)
      """
    let note = try TemporaryFolder()
    let program = try Installation.Program.redoubtVerify.path
    let outcome = try Command.run(
      "python3", ["-c", script, note("peak"), program] + arguments + ["--config", house.folder("verify.toml")],
      environment: house.environment, timeout: 300)
    let peak = String(decoding: try FileContent.read(note("peak")), as: UTF8.self)
    return (outcome, try #require(Int(peak)))
  }

  /// Longer than any manifest, and refused before it is in memory.
  @Test func aManifestWithoutEndIsNotFetched() throws {
    let house = try installation()
    let key = try #require(try house.manifests().first)
    try Command.succeed("truncate", ["-s", "500M", "\(house.disk)/\(key)"])
    let (outcome, peak) = try measured(["verify", "--json"], house)
    #expect(outcome.status == 4)
    #expect(try Installation.json(outcome).contains { $0.type == "finding" && $0.code == "malformed" })
    #expect(peak < 100 << 10, "\(peak >> 10) MiB")
  }

  @Test func bombsStayHarmless() throws { try expectRefused(Self.bombs, level: "readable") }

  /// What may be there in a later version, at the largest that it may be.
  @Test func whatIsPassedOverStaysHarmless() throws {
    let house = try installation()
    var manifest = try self.manifest(house)
    manifest.change("snapshot.json") {
      $0.replacing("{", with: "{\"x\":[\(String(repeating: "[],", count: 5 << 20))0],", maxReplacements: 1)
    }
    manifest.set("later.tsv", [.init(zeros: Self.block, 256)])
    try store(manifest, house)
    let (outcome, peak) = try measured(["verify", "--json"], house)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    #expect(peak < 400 << 10, "\(peak >> 10) MiB")
  }

  @Test func nothingIsRestoredFromPathsThatLeadElsewhere() throws {
    try expectRefused(Self.contradictions, level: "restored", restores: true)
  }
}
