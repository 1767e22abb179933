internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// `redoubt-verify report --html` as a person and a timer call it.
struct ReportPageTests {
  private func mode(_ path: String) throws -> UInt32 {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_mode & 0o777
  }

  @Test func thePageSaysWhatStatusSays() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    let file = house.folder("report.html")
    let before = try house.keeper(["report", "--html", file])
    #expect(
      before.status == 5 && before.lines.first?.hasPrefix("not safe: ") == true, "\(before.text)\(before.errorText)")
    #expect(try mode(file) == 0o600)

    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.keeper(["catalog", "check"]).status == 0)
    try house.expectSound("restored")
    #expect(chmod(file, 0o644) == 0)
    let outcome = try house.keeper(["report", "--html", file, "--json"])
    let status = try house.keeper(["status", "--json"])
    #expect(outcome.status == status.status, "\(outcome.text)\(outcome.errorText)")
    let summary = try #require(outcome.lines.last)
    #expect(summary.contains(#""file":"\#(file)""#) && summary.contains(#""sets":1"#), "\(summary)")
    #expect(try mode(file) == 0o644, "a page's mode is kept")
    let page = String(decoding: try FileContent.read(file), as: UTF8.self)
    #expect(page.contains("<h4 class=\"any\">peer-1/data</h4>") && page.hasSuffix("</html>\n"))
    let records = try FileContent.read("\(house.folder("keeper"))/catalog.jsonl").count { $0 == UInt8(ascii: "\n") }
    #expect(page.contains("from \(records) records of"))
    // Nothing beside it is left.
    #expect(try Command.succeed("sh", ["-c", "ls \(file)*"]).lines == [file])
  }

  @Test func whatIsNoPageIsKept() throws {
    let house = try Installation()
    let file = house.folder("verify.toml")
    let before = try FileContent.read(file)
    let refused = try house.keeper(["report", "--html", file])
    #expect(refused.status == 1 && refused.errorText.contains("is no page of redoubt-verify"), "\(refused.errorText)")
    #expect(refused.errorText.contains("hint: "))
    #expect(try FileContent.read(file) == before)

    let other = house.folder("notes.txt")
    try FileContent.write(Array("mine\n".utf8), to: other)
    #expect(try house.keeper(["report", "--html", other, "--force"]).status == 5)
    #expect(String(decoding: try FileContent.read(other), as: UTF8.self).hasPrefix("<!DOCTYPE html>"))
    #expect(try house.keeper(["report", "--html", house.folder("source")]).status == 1)
    #expect(try house.keeper(["report", "--html", "/nowhere/at/all/page.html"]).status == 1)
  }

  @Test func wrongUsageIsTold() throws {
    let house = try Installation()
    let file = house.folder("report.html")
    for arguments in [
      [], ["--html", file, "--statement", "data"], ["--html", file, "--weeks", "0"], ["--html", file, "--weeks", "54"],
      ["--html", file, "--output", file], ["--statement", "data", "--set", "data"],
      ["--statement", "data", "--host", "a", "--host", "b"],
    ] { #expect(try house.keeper(["report"] + arguments).status == 64, "\(arguments)") }
    let unknown = try house.keeper(["report", "--html", file, "--host", "nobody"])
    #expect(unknown.status == 1 && unknown.errorText.contains("there is no node named nobody"))
    #expect(!Paths.exists(file))
  }
}
