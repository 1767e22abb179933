import Backup
import Digests
import Files
import Policy
import Repository
import TestKit
import Testing

/// Secrets in sources: what is sent, what is told, and which sets fail.
@Suite struct SecretTests {
  private let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
  private let importKey = "zelnodeprivkey=5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ\n"

  private func filled(_ mode: SetConfiguration.Mode) throws -> Household {
    let house = try Household(mode: mode)
    try house.write("a", Household.noise(3_000_000, seed: 2))
    try house.write("b.txt", "nothing to hide\n")
    return house
  }

  /// Nothing of the secret is told anywhere, and no manifest was stored.
  private func expectRefusal(_ house: Household, _ outcome: SetOutcome?, _ name: String) throws {
    let outcome = try #require(outcome)
    #expect(outcome.status == .failed)
    #expect(outcome.reason?.contains("/\(house.sourceEntry)/\(name) holds ") == true, "\(outcome.reason ?? "")")
    #expect(outcome.hint?.contains("secrets-allow") == true)
    #expect(try house.manifests().isEmpty)
    let told = "\(outcome)\(house.events.all)"
    for word in ["sausage", "5HueCGU8"] { #expect(!told.contains(word)) }
  }

  /// Puts each stored volume's members together again: the refused file's bytes must be in none.
  private func expectNothing(of needle: String, in house: Household) throws {
    for volume in try house.volumes() {
      let plain = try Command.run(
        "sh",
        [
          "-c",
          "gpg --homedir '\(house.keys.keeper.home)' -q --batch -d '\(house.folder.path)/disk/\(volume)' | zstd -dcq | grep -c -a -F '\(needle)'",
        ]
      ).text
      #expect(plain == "0\n", "\(volume)")
    }
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental], [100, 1_500_000, 5_000_000])
  func aPhraseMakesItsSetFail(_ mode: SetConfiguration.Mode, _ size: Int) throws {
    let house = try filled(mode)
    // At the end of the file, after what would fill volumes, and marked at its beginning.
    let marked = Array("MARK-OF-THE-REFUSED-FILE\n".utf8)
    try house.write("c.txt", marked + Household.noise(size, seed: 3) + Array("\n\(phrase)\n".utf8))
    try house.write("d.txt", "after it")
    try expectRefusal(house, try house.backup().first, "c.txt")
    try expectNothing(of: "MARK-OF-THE-REFUSED-FILE", in: house)
    // Allowed by its path, by a pattern, or excluded: the set is backed up.
    house.node.sets[0].secretsAllow = ["\(house.source)/c.txt"]
    #expect(try house.backup().first?.status == .stored)
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(try house.differences(house.source, "\(folder)/\(house.sourceEntry)") == "")
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func otherSecretsAreToldAndStored(_ mode: SetConfiguration.Mode) throws {
    let house = try filled(mode)
    try house.write("flux.conf", "rpcuser=x\n" + importKey)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.findings.map(\.code) == [.secret])
    #expect(outcome.findings.first?.path == "\(house.sourceEntry)/flux.conf")
    #expect(outcome.findings.first?.detail.hasSuffix("in line 2") == true)
    #expect(!"\(house.events.all)".contains("5HueCGU8"))
    #expect(try house.verify(.readable).allSatisfy { $0.result == .sound })
    house.node.sets[0].secrets = .allow
    try house.write("flux.conf", "rpcuser=xy\n" + importKey)
    #expect(try house.backup().first?.findings.isEmpty == true)
    // Allowed or not, a phrase is refused.
    try house.write("phrase", phrase)
    #expect(try house.backup().first?.status == .failed)
    house.node.sets[0].secretsAllow = ["\(house.source)/phr*"]
    #expect(try house.backup().first?.status == .stored)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aRefusedKeyIsNotSent(_ mode: SetConfiguration.Mode) throws {
    let house = try filled(mode)
    try house.write("flux.conf", importKey)
    house.node.sets[0].secrets = .refuse
    try expectRefusal(house, try house.backup().first, "flux.conf")
    house.node.sets[0].exclude = ["flux.conf"]
    #expect(try house.backup().first?.status == .stored)
  }

  /// A file that is in storage already is read again once less is allowed.
  @Test func strictRulesHoldForWhatIsKnown() throws {
    let house = try filled(.incremental)
    try house.write("flux.conf", importKey)
    house.node.sets[0].secrets = .allow
    #expect(try house.backup().first?.status == .stored)
    house.node.sets[0].secrets = .refuse
    #expect(try house.backup().first?.status == .failed)
    house.node.sets[0].secrets = .warn
    let outcome = try #require(try house.backup().first)
    #expect(outcome.findings.map(\.code) == [.secret] || outcome.status == .unchanged)
    // From a path that was allowed.
    try house.write("phrase", phrase)
    house.node.sets[0].secretsAllow = ["\(house.source)/phrase"]
    #expect(try house.backup().first?.status == .stored)
    house.node.sets[0].secretsAllow = []
    #expect(try house.backup().first?.status == .failed)
  }

  @Test func otherSetsGoOn() throws {
    let house = try filled(.full)
    let other = "\(house.folder.path)/other"
    try Paths.makeFolders(other)
    try FileContent.write(Array(phrase.utf8), to: "\(other)/phrase", mode: 0o600)
    var set = house.node.sets[0]
    (set.name, set.paths) = ("other", [other])
    house.node.sets.insert(set, at: 0)
    #expect(try house.backup().map(\.status) == [.failed, .stored])
  }

  /// Beyond what is looked at, nothing is found, and the file is stored whole.
  @Test func largeFilesAreLookedAtInTheirBeginning() throws {
    let house = try filled(.full)
    try house.write("c", Household.noise(17 << 20, seed: 4) + Array(phrase.utf8))
    #expect(try house.backup().first?.status == .stored)
    try house.write("c", Array(phrase.utf8) + Household.noise(17 << 20, seed: 4))
    #expect(try house.backup().first?.status == .failed)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func whatMustNeverBeBackedUpIsNot(_ mode: SetConfiguration.Mode) throws {
    let house = try filled(mode)
    try house.write("keys/stake-controller.key", "x")
    for pattern in ["stake-controller.key", "\(house.source)/keys", "\(house.folder.path)", "**/keys/*.key", "keys/"] {
      house.node.never = ["no-such-thing", pattern == "keys/" ? "\(house.source)/keys/" : pattern]
      let outcome = try #require(try house.backup().first)
      #expect(outcome.status == .failed, "\(pattern)")
      #expect(outcome.reason?.contains("never") == true)
      #expect(outcome.hint != nil)
    }
    #expect(try house.volumes().isEmpty)
    house.node.never = ["stake-controller.key"]
    let environment = RunEnvironment()
    let dry = try BackupEngine(configuration: house.node, writers: [:], environment: environment).simulate()
    #expect(dry.map(\.status) == [.failed])
    house.node.sets[0].exclude = ["keys"]
    #expect(try house.backup().first?.status == .stored)
  }

  /// The same folder by a link above it.
  @Test func linksDoNotHideWhatMustNeverBeBackedUp() throws {
    let house = try filled(.full)
    try house.write("keys/controller", "x")
    let link = "\(house.folder.path)/alias"
    try Command.succeed("ln", ["-s", house.folder.path, link])
    house.node.sets[0].paths = ["\(link)/source"]
    house.node.never = ["\(house.source)/keys/controller"]
    #expect(try house.backup().first?.status == .failed)
  }
}
