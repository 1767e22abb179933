import Files
import Glibc
import Policy
import Report
import Repository
import Testing

/// Pages to look at, where `REDOUBT_REPORT_PAGES` names a folder for them.
@Suite struct LookTests {
  @Test(.enabled(if: getenv("REDOUBT_REPORT_PAGES") != nil)) func pages() throws {
    let folder = try #require(getenv("REDOUBT_REPORT_PAGES").map { String(cString: $0) })
    try FileContent.write(try SamplePages.trouble().html, to: "\(folder)/trouble.html")
    try FileContent.write(try SamplePages.safe().html, to: "\(folder)/safe.html")
    try FileContent.write(try SamplePages.fleet(sets: 1000).html, to: "\(folder)/fleet.html")
    try FileContent.write(try SamplePages.empty().html, to: "\(folder)/empty.html")
  }
}
