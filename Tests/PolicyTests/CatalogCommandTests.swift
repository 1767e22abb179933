import Files
import TestKit
import Testing

/// `redoubt-verify catalog` as a person uses it.
@Suite struct CatalogCommandTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Paths.makeFolders("\(folder.path)/disk")
    try folder.write(
      "verify.toml",
      """
      state = "\(folder.path)/state"
      [keys]
      gnupg-home = "\(folder.path)/gnupg"
      [catalog]
      audit = "60d"
      [[destination]]
      name = "disk"
      kind = "directory"
      location = "offsite"
      path = "\(folder.path)/disk"
      [[node]]
      host = "peer-1"
      trusted-signers = ["\(String(repeating: "A", count: 40))"]
      destinations = ["disk"]

      """)
  }

  private func run(_ arguments: [String]) throws -> Command.Outcome {
    try Program.redoubtVerify.run(arguments + ["--config", "\(folder.path)/verify.toml"])
  }

  private func attest(_ note: String) throws -> Command.Outcome {
    try run(["attest", "wallet-seed-phrases", "--by", "Ada, \"the\" keeper", "--note", note])
  }

  @Test func recordsAreShownChosenAndExported() throws {
    #expect(try attest("from steel").status == 0)
    #expect(try attest("=cmd|' /C calc'!A0").status == 0)
    let shown = try run(["catalog", "show"])
    #expect(shown.status == 0 && shown.lines.count == 2, "\(shown.text)\(shown.errorText)")
    #expect(shown.lines[0].hasSuffix("  1  attestation  wallet-seed-phrases: by Ada, \"the\" keeper: from steel"))
    #expect(try run(["catalog", "show", "--last", "1"]).lines.count == 1)
    #expect(try run(["catalog", "show", "--since", "2999-01-01"]).lines.isEmpty)
    #expect(try run(["catalog", "show", "--until", "2999-01-01", "--type", "attestation"]).lines.count == 2)
    #expect(try run(["catalog", "show", "--type", "prune"]).lines.isEmpty)
    #expect(try run(["catalog", "show", "--host", "peer-2"]).lines.isEmpty)
    #expect(try run(["catalog", "show", "--since", "yesterday"]).status == 64)
    #expect(try run(["catalog", "show", "--node", "peer-1"]).status == 0)
    #expect(try run(["catalog", "show", "--node", "peer-9"]).status == 1)
    let json = try run(["catalog", "show", "--json"])
    #expect(
      json.lines.first?.hasPrefix(#"{"type":"record","catalog":"","record":{"by":"Ada, \"the\" keeper","class""#)
        == true)
    #expect(json.lines.last?.hasPrefix(#"{"type":"summary","exit":0,"records":2"#) == true)

    let csv = try run(["catalog", "export", "--format", "csv"])
    #expect(csv.status == 0)
    #expect(csv.text.hasPrefix("catalog,seq,time,type,host,set,snapshot,destination,level,result,objects,bytes,"))
    let script = """
      import csv, json, sys
      rows = list(csv.DictReader(open(sys.argv[1], newline="")))
      assert [row["seq"] for row in rows] == ["1", "2"], rows
      assert all(json.loads(row["record"])["type"] == "attestation" for row in rows)
      assert all(cell[:1] not in "=+-@" for row in rows for cell in row.values() if cell), rows
      assert json.loads(rows[0]["record"])["by"] == 'Ada, "the" keeper'
      whole = json.load(open(sys.argv[2]))
      assert [it["seq"] for it in whole] == [1, 2] and whole[1]["note"].startswith("=cmd"), whole
      """
    #expect(try run(["catalog", "export", "--format", "csv", "--output", "\(folder.path)/a.csv"]).status == 0)
    #expect(try run(["catalog", "export", "--format", "json", "--output", "\(folder.path)/a.json"]).status == 0)
    let read = try Command.run("python3", ["-c", script, "\(folder.path)/a.csv", "\(folder.path)/a.json"])
    #expect(read.status == 0, "\(read.errorText)")
    let text = String(decoding: try FileContent.read("\(folder.path)/a.csv"), as: UTF8.self)
    #expect(text == csv.text && text.utf8.split(separator: 10).allSatisfy { $0.last == 13 })
    #expect(try run(["catalog", "export", "--format", "csv", "--json"]).status == 64)

    #expect(try run(["catalog", "rotate"]).text == "no record is older than its retention and not needed\n")
    #expect(try run(["catalog", "sign"]).status == 1)
  }

  @Test func aTornLineIsSetAsideAndTold() throws {
    #expect(try attest("first").status == 0)
    let path = "\(folder.path)/state/catalog.jsonl"
    try FileContent.write(try FileContent.read(path) + Array("{\"by\":\"Ada".utf8), to: path)
    #expect(try run(["catalog", "show"]).lines.count == 1)
    let next = try attest("second")
    #expect(next.status == 0 && next.errorText.contains("was cut short by a crash; it was set aside in \(path).torn-"))
    #expect(try run(["catalog", "show"]).lines.count == 2)
  }

  @Test func aBrokenLineIsNamed() throws {
    for note in ["first", "second", "third"] { #expect(try attest(note).status == 0) }
    let path = "\(folder.path)/state/catalog.jsonl"
    let text = String(decoding: try FileContent.read(path), as: UTF8.self)
    try FileContent.write(Array(text.replacing("second", with: "another").utf8), to: path)
    for arguments in [["catalog", "show"], ["catalog", "check"], ["catalog", "export", "--format", "csv"]] {
      let outcome = try run(arguments)
      #expect(outcome.status == 1)
      #expect(outcome.errorText.contains("\(path), line 3: does not continue the line before it"))
    }
    #expect(try attest("fourth").status == 1)
  }

  @Test func twoVerifiersOnOneCatalogTakeTurns() throws {
    #expect(try attest("first").status == 0)
    let lock = try #require(try FileLock.acquire("\(folder.path)/state/lock"))
    let before = try FileContent.read("\(folder.path)/state/catalog.jsonl")
    for arguments in [
      ["attest", "wallet-seed-phrases", "--by", "Ada", "--note", "again"], ["catalog", "check"],
      ["catalog", "rotate", "--yes"], ["verify", "--level", "present"],
    ] {
      let outcome = try run(arguments)
      #expect(outcome.status == 75, "\(arguments): \(outcome.errorText)")
      #expect(outcome.errorText.contains("another run holds"))
    }
    #expect(try FileContent.read("\(folder.path)/state/catalog.jsonl") == before)
    #expect(try run(["catalog", "show"]).status == 0, "reading needs no lock")
    withExtendedLifetime(lock) {}
  }
}
