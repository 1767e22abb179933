internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Trees that fight back, through both programs and through the standard tools.
struct HostileTreeTests {
  private func installation(_ features: Set<HostileTree.Feature>) throws -> Installation {
    let house = try Installation()
    try HostileTree.make(in: house.source, features)
    house.sets[0].settings = "exclude = [\"*.tmp\", \"/skipped\"]\nexclude-caches = true\n"
    try house.configure()
    return house
  }

  /// Takes away from the source what the backup must not hold, so that the rest can be compared.
  private func leaveOut(_ house: Installation) throws {
    for name in HostileTree.excluded + ["skipped", "socket"] {
      try Command.succeed("rm", ["-rf", "\(house.source)/\(name)"])
    }
    // Removing changed the folders' times: they are not compared below.
  }

  /// Differences beside the times of folders that `leaveOut` has changed.
  private func differences(_ house: Installation, _ restored: String) throws -> [String] {
    for folder in [".", "sub", "cache"] {
      try Command.succeed("touch", ["-d", "@1", "\(house.source)/\(folder)", "\(restored)/\(folder)"])
    }
    return try TreeWitness.differences(house.source, restored)
  }

  @Test func everythingComesBack() throws {
    let house = try installation(Set(HostileTree.Feature.allCases))
    let outcome = try house.node(["backup", "--json"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    let lines = try Installation.json(outcome)
    // A socket is told of, and no reason for another exit code.
    #expect(lines.filter { $0.type == "finding" }.map(\.code) == ["skipped-socket"])
    #expect(lines.first { $0.type == "set" }?.status == "stored")
    let listed = try Installation.json(try house.keeper(["ls", "latest", "--json"]))
    let paths = Set(listed.compactMap(\.path))
    #expect(listed.count > 2000)
    #expect(paths.contains("\(house.source.dropFirst())/odd names/new\\012line"))
    #expect(paths.contains("\(house.source.dropFirst())/odd names/\\377\\376\\375"))
    for name in HostileTree.excluded { #expect(!paths.contains("\(house.source.dropFirst())/\(name)"), "\(name)") }
    let plain = try house.keeper(["ls", "latest"])
    #expect(plain.status == 0 && plain.lines.count == listed.count - 1, "a line an entry, whatever its name")

    for level in ["present", "intact", "readable", "restored"] { try house.expectSound(level) }
    let restored = try house.restore()
    try leaveOut(house)
    #expect(try differences(house, restored) == [])
    try house.expectNothingHalf()
  }

  /// Without the path longer than PATH_MAX, which GNU tar has no way to make: it opens each file by its whole name.
  @Test func theScriptBringsEverythingBack() throws {
    let house = try installation([.many, .socket])
    #expect(try house.node(["backup"]).status == 0)
    try leaveOut(house)
    let tools = StandardTools(installation: house, hostFolder: "\(house.disk)/peer-1")
    let (recovered, outcome) = try tools.recover()
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(try differences(house, recovered) == [])
    let (piped, pipeline) = try tools.pipeline()
    #expect(pipeline.status == 0, "\(pipeline.errorText)")
    #expect(try differences(house, piped) == [])
  }

  /// What the tools cannot do costs that and nothing else.
  @Test func theScriptPassesOverNamesThatNoToolCanBeGiven() throws {
    let house = try Installation()
    house.sets[0].settings = "mode = \"incremental\""
    try house.configure()
    try house.write("near", "content\n")
    let script = """
      import os, sys
      os.chdir(sys.argv[1])
      for number in range(45):
        os.mkdir("d" * 100)
        os.chdir("d" * 100)
        with open("file", "w") as file: file.write(str(number))
      """
    try Command.succeed("python3", ["-c", script, house.source])
    #expect(try house.node(["backup"]).status == 0)
    let tools = StandardTools(installation: house, hostFolder: "\(house.disk)/peer-1")
    let (recovered, outcome) = try tools.recover()
    #expect(outcome.status == 3, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("not restored, because its name has more than 4095 bytes"))
    #expect(try FileContent.read("\(recovered)/near") == Array("content\n".utf8))
    let files = try Command.succeed("find", [recovered, "-name", "file", "-printf", "."]).text.count
    #expect((30..<45).contains(files), "\(files): those whose names are short enough")
  }

  @Test func sourcesOfEveryKind() throws {
    let house = try Installation()
    try house.write("single file", "content\n")
    try house.write("folder/inside", "inside\n")
    try Command.succeed("ln", ["-s", "folder", "\(house.source)/link"])
    try Command.succeed("mkfifo", ["\(house.source)/fifo"])
    house.sets[0].paths = ["single file", "link", "fifo"].map { "\(house.source)/\($0)" }
    try house.configure()
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    let restored = try house.restore()
    let names = try Command.succeed("find", [restored, "-mindepth", "1", "-printf", "%P %y %l\\n"]).lines.sorted()
    // A link is kept as a link: what it names belongs to another set, or to none.
    #expect(names == ["fifo p ", "link l folder", "single file f "])
  }

  @Test func aMissingSourceIsNamedAndTheOthersAreStored() throws {
    let house = try Installation()
    try house.write("there", "content\n")
    house.sets[0].paths = ["\(house.source)/there", "\(house.source)/gone", "\(house.source)/there too/deep"]
    try house.configure()
    let outcome = try house.node(["backup", "--json"])
    #expect(outcome.status == 3, "\(outcome.errorText)")
    let findings = try Installation.json(outcome).filter { $0.type == "finding" }
    #expect(findings.map(\.code) == ["missing-path", "missing-path"])
    #expect(findings.first?.path == String("\(house.source)/gone".dropFirst()))
    try house.expectSound("restored")
    // None of its sources is there: still a snapshot that says so, never a success.
    try Command.succeed("rm", ["\(house.source)/there"])
    #expect(try house.node(["backup"]).status == 3)
  }
}
