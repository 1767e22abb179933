import CommandLineOutput
import Files
import FoundationEssentials
import Policy
import Repository
import TestKit
import Testing

/// The manual pages say what the programs know, and nothing else.
@Suite struct DocumentationTests {
  /// ArgumentParser's description of a command line (ArgumentParserToolInfo, serialization version 0).
  struct Tool: Decodable {
    struct Name: Decodable { let name: String }
    struct Argument: Decodable {
      let kind: String
      let names: [Name]?
      let shouldDisplay: Bool
    }
    struct Command: Decodable {
      var commandName: String
      let subcommands: [Command]?
      let arguments: [Argument]?
      let discussion: String?

      /// The commands that do something, each named from the program on: `schedule lifecycle`.
      var leaves: [Command] {
        (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { command in
          guard command.subcommands?.contains(where: { $0.commandName != "help" }) == true else { return [command] }
          return command.leaves.map { leaf in
            var leaf = leaf
            leaf.commandName = "\(command.commandName) \(leaf.commandName)"
            return leaf
          }
        }
      }

      /// Long options, without what every ArgumentParser command has.
      var options: Set<String> {
        Set((arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }.map(\.name))
          .subtracting(["help", "h", "version"])
      }
    }
    let command: Command
  }

  func commands(_ program: Program) throws -> [Tool.Command] {
    let outcome = try program.run(["--experimental-dump-help"])
    let tool = try JSONDecoder().decode(Tool.self, from: Data(outcome.output))
    let commands = tool.command.leaves
    try #require(!commands.isEmpty)
    return commands
  }

  @Test(arguments: Program.allCases)
  func everyOptionIsInTheManualAndTheReverse(_ program: Program) throws {
    let page = try ManualPage("\(program.rawValue).1")
    let shared = "Options of every command"
    let common = try #require(page.options[shared])
    let commands = try commands(program)
    #expect(page.subsections.subtracting([shared]) == Set(commands.map(\.commandName)))
    for command in commands {
      #expect(command.options == page.options[command.commandName, default: []].union(common), "\(command.commandName)")
      #expect(page.synopsis[command.commandName] == command.options, "synopsis of \(command.commandName)")
    }
    #expect(page.synopsis.count == commands.count)
  }

  @Test(arguments: Program.allCases)
  func everyExitCodeIsInTheManualAndInHelp(_ program: Program) throws {
    let listed = try ManualPage("\(program.rawValue).1").items.filter { $0.heading == "EXIT STATUS" }.map(\.item)
    #expect(listed == CommandLineOutput.ExitStatus.allCases.map { "\($0.rawValue)" })
    for command in try commands(program) {
      let discussion = try #require(command.discussion, "\(command.commandName)")
      for status: CommandLineOutput.ExitStatus in [.done, .failed, .usage, .configuration] {
        #expect(discussion.contains("\(status.rawValue) \(status.meaning)"), "\(command.commandName)")
      }
    }
  }

  @Test func everyConfigurationKeyIsInTheManualAndTheReverse() throws {
    let page = try ManualPage("redoubt.toml.5")
    let tables = [
      "Top level": "", "[keys]": "keys.", "[[destination]]": "destination.", "[[set]]": "set.", "[[node]]": "node.",
      "[keep]": "keep.", "[watch]": "watch.", "[drill]": "drill.", "[catalog]": "catalog.", "[[check]]": "check.",
      "[alerts]": "alerts.",
    ]
    #expect(page.subsections == Set(tables.keys))
    let described = page.items.compactMap { heading, item -> String? in
      guard let table = tables[heading], item.hasPrefix("Cm ") else { return nil }
      return table + item.dropFirst(3)
    }
    #expect(described.sorted() == ConfigurationGrammar.keys)
  }

  @Test func theReadMeShowsTheSampleProvider() throws {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let readMe = String(decoding: try FileContent.read("\(package)/README.md"), as: UTF8.self)
    let sample = String(decoding: try FileContent.read("\(package)/Fixtures/provider/redoubt.toml"), as: UTF8.self)
    #expect(readMe.contains("```toml\n\(sample)```"))
  }

  /// The version has one source; what else names it follows.
  @Test func theChangelogsBeginWithThisVersion() throws {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    func text(_ path: String) throws -> String {
      String(decoding: try FileContent.read("\(package)/\(path)"), as: UTF8.self)
    }
    #expect(try text("debian/changelog").hasPrefix("redoubt (\(redoubtVersion)) "))
    let section = try text("CHANGELOG.md").split(separator: "\n").first { $0.hasPrefix("## ") }
    #expect(section?.hasPrefix("## \(redoubtVersion),") == true)
    let readMe = try text("README.md")
    for name in ["redoubt", "redoubt-verify"] {
      #expect(readMe.contains("apt install ./\(name)_\(redoubtVersion)_amd64.deb"))
    }
  }

  @Test func theManualsClassesAreTheFrequencyTables() throws {
    let rows = try ManualPage("redoubt.toml.5").items.filter { $0.heading == "CLASSES" }.map(\.item)
      .filter { $0.contains(" Ta ") }.dropFirst().map { $0.split(separator: " Ta ").map(String.init) }
    let table = FrequencyTable.standard.classes
    try #require(rows.count == table.count)
    for (row, dataClass) in zip(rows, table) {
      #expect(row[0] == dataClass.name)
      #expect(row[1].replacing(" ", with: "-") == dataClass.frequency.rawValue)
      let storage = dataClass.storage.map { $0.map(\.rawValue).joined(separator: " or ") }.joined(separator: ", and ")
      #expect(row[2] == (dataClass.isOffline ? "none: paper or metal alone" : storage))
      #expect(row[3] == (dataClass.verificationInterval == 31 * 86400 ? "monthly" : "yearly"))
      let drill = dataClass.drillInterval
      #expect(row[4] == (drill == nil ? "no" : drill == Int64(92 * 86400) ? "quarterly" : "?"))
    }
  }

  @Test(arguments: ["redoubt.1", "redoubt-verify.1", "redoubt.toml.5"])
  func mandocFindsNothingWrong(_ page: String) throws {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let outcome = try Command.run("mandoc", ["-T", "lint", "-W", "warning", "\(package)/man/\(page)"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
  }

  /// The configurations that the manual shows are read without a complaint.
  @Test func theManualsExamplesAreRight() throws {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let source = String(decoding: try FileContent.read("\(package)/man/redoubt.toml.5"), as: UTF8.self)
    let examples = source.split(separator: ".Bd -literal -offset indent\n").dropFirst().map { text in
      String(text.split(separator: "\n.Ed")[0]) + "\n"
    }
    try #require(examples.count == 2)
    #expect(try Recipes.all().count == 5)
    let folder = try ScratchFolder()
    #expect(NodeConfiguration.inspect(try folder.write("node", examples[0])).problems == [])
    #expect(KeeperConfiguration.inspect(try folder.write("keeper", examples[1])).problems == [])
    // The recipes' destination is the example's.
    let whole = examples[0] + (try Recipes.all()).map { "\n" + $0.text }.joined()
    #expect(NodeConfiguration.inspect(try folder.write("recipes", whole)).problems == [])
  }
}
