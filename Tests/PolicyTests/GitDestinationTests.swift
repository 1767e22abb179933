import Files
import Policy
import Storage
import TestKit
import Testing

/// `[[destination]]` with kind = "git".
@Suite struct GitDestinationTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func text(_ destination: String, set: String = "") -> String {
    """
    host = "peer-1"
    state = "/var/lib/redoubt"
    [keys]
    gnupg-home = "/var/lib/redoubt/gnupg"
    recipients = ["backup@example.com"]
    signer = "peer-1@example.com"
    [[destination]]
    name = "repository"
    kind = "git"
    location = "git"
    \(destination)
    [[set]]
    name = "nginx"
    class = "server-configs"
    paths = ["/etc/nginx"]
    destinations = ["repository"]
    \(set)
    """
  }

  private func inspect(_ destination: String, set: String = "") throws -> ConfigurationReport<NodeConfiguration> {
    NodeConfiguration.inspect(try folder.write("redoubt.toml", text(destination, set: set)))
  }

  @Test func everyKeyIsRead() throws {
    let report = try inspect(
      """
      remote = "git@github.com:example/backups.git"
      branch = "nodes/peer-1"
      path = "/srv/clone/"
      prefix = "/redoubt/"
      attempts = 7
      """)
    #expect(report.problems == [])
    let destination = try #require(report.configuration?.destinations.first)
    let git = try #require(destination.git)
    #expect(git.remote.exposed == "git@github.com:example/backups.git" && git.branch == "nodes/peer-1")
    #expect(git.folder == "/srv/clone" && destination.path == "/srv/clone" && git.prefix == "redoubt")
    #expect(destination.attempts == 7 && destination.layout == .objects && !git.compresses)
  }

  @Test func theCloneIsInTheStateFolder() throws {
    let report = try inspect("remote = \"/srv/git/backups.git\"")
    #expect(report.problems == [])
    let destination = try #require(report.configuration?.destinations.first)
    #expect(destination.git?.folder == "/var/lib/redoubt/git/repository" && destination.git?.branch == "main")
  }

  /// Where it is, is the remote's branch; not who asks for it, or with what password.
  @Test func thePlaceHoldsNoPassword() throws {
    let report = try inspect("remote = \"https://me:hidden@example.com/x.git\"")
    #expect(report.problems.map(\.severity) == [.warning])
    #expect(!report.problems.map(\.description).joined().contains("hidden"))
    #expect(report.configuration?.destinations.first?.place == "git https://example.com/x.git main ")
  }

  @Test(arguments: [
    ("", "'remote' is missing"), ("remote = \"backups\"", "no address"), ("remote = \"-u\"", "no address"),
    ("remote = \"../backups.git\"", "no address"), ("remote = \"ext::sh -c id\"", "no address"),
    ("remote = \"http://example.com/x.git\"", "encrypted"), ("remote = \"git://example.com/x.git\"", "encrypted"),
    ("remote = \"/x\"\nbranch = \"-f\"", "branch"), ("remote = \"/x\"\nbranch = \"a..b\"", "branch"),
    ("remote = \"/x\"\nbranch = \"refs/heads/a.lock\"", "branch"), ("remote = \"/x\"\nprefix = \"a/.git\"", ".git"),
    ("remote = \"/x\"\nbucket = \"b\"", "no meaning"), ("remote = \"/x\"\nlayout = \"tree\"", "none of objects, plain"),
  ])
  func whatIsWrongIsSaid(_ destination: String, _ problem: String) throws {
    let report = try inspect(destination)
    #expect(
      report.problems.contains { $0.severity == .error && $0.description.contains(problem) }, "\(report.problems)")
  }

  @Test func plainMirrorsAreDeclared() throws {
    let open = try inspect("remote = \"/x\"\nlayout = \"plain\"")
    #expect(open.problems.count { $0.severity == .error } == 2, "\(open.problems)")
    #expect(open.problems.contains { $0.hint?.contains("private = true") == true })
    #expect(open.problems.contains { $0.hint?.contains("secrets = \"refuse\"") == true })
    for secrets in ["secrets = \"warn\"", "secrets = \"allow\""] {
      let report = try inspect("remote = \"/x\"\nlayout = \"plain\"\nprivate = true", set: secrets)
      #expect(report.problems.contains { $0.hint?.contains("secrets = \"refuse\"") == true }, "\(report.problems)")
    }
  }

  /// The keeper could only say of a plain mirror that it is there.
  @Test func theKeeperRefusesPlainMirrors() throws {
    let text = """
      state = "/var/lib/redoubt-verify"
      [keys]
      gnupg-home = "/var/lib/redoubt-verify/gnupg"
      [[destination]]
      name = "repository"
      kind = "git"
      location = "git"
      remote = "/x"
      layout = "plain"
      private = true
      [[node]]
      host = "peer-1"
      trusted-signers = ["\(Sample.fingerprint)"]
      destinations = ["repository"]
      """
    let report = KeeperConfiguration.inspect(try folder.write("verify.toml", text))
    #expect(report.problems.map(\.severity) == [.error] && report.problems[0].message.contains("plain mirror"))
  }

  @Test func largeVolumesAreAWarning() throws {
    let remote = try GitRemote()
    let settings = "remote = \"\(remote.url)\"\npath = \"\(folder.path)/clone\""
    for (size, isWarned) in [("50 MiB", false), ("51 MiB", true)] {
      let path = try folder.write("redoubt.toml", text(settings, set: "volume-size = \"\(size)\""))
      let problems = NodeCheck(path, access: StorageAccess(environment: GitRemote.environment())).run().problems
      #expect(problems.contains { $0.key == "set.nginx.volume-size" && $0.severity == .warning } == isWarned)
    }
  }
}
