import CommandLineOutput
import Files
import Policy
import Report
import Repository
import Verify

/// `report --html`.
struct PageOutput {
  let file: String
  let hosts: [String]
  let sets: [String]
  let weeks: Int
  /// Also what is no page of this program.
  let replacesAnything: Bool

  func run(_ configuration: ConfigurationOption, _ output: Output) throws -> CommandResult {
    let keeper = try output.use(KeeperConfiguration.inspect(try absolutePath(configuration.config)))
    let target = PageFile(path: try absolutePath(file))
    // Before the work, and before anybody waits for it.
    try target.check(replacesAnything: replacesAnything)
    let knowledge = try KeeperKnowledge.read(keeper)
    let overview = try KeeperOverview(knowledge, now: .now()).only(hosts: hosts, sets: sets)
    let page = ReportPage(
      knowledge, overview, version: redoubtVersion, weeks: weeks,
      scope: hosts.map { "node \($0)" } + sets.map { "set \($0)" })
    let html = page.html
    try target.write(html)
    output.line(output.paint(page.answer, overview.isSafe ? .good : .bad))
    output.line("wrote the page to \(target.path) (\(Amount.bytes(html.count)))")
    var result = overview.result
    result.summary += [.init("file", .string(target.path)), .init("bytes", JSONValue(html.count))]
    return result
  }
}
