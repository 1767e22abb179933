import Files
import FoundationEssentials
@testable import Policy
import Storage
import TestKit
import Testing

/// Destinations that expire by themselves: their keys, and the rule that a bucket is given.
@Suite struct LifecycleTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let sets = """
    mode = "incremental"
    refresh = "60d"
    retention = "30d"
    destinations = ["offsite", "disk"]

    [[set]]
    name = "keys"
    class = "node-configurations"
    paths = ["/opt/keys"]
    retention = "36h"
    destinations = ["offsite", "disk"]

    [[set]]
    name = "here"
    class = "server-configs"
    paths = ["/opt/here"]
    destinations = ["repository"]

    [[destination]]
    name = "repository"
    kind = "directory"
    location = "git"
    path = "/srv/git"
    """

  static let text = Sample.node
    .replacing("sse = \"AES256\"", with: "expiry = \"lifecycle\"\nlock-mode = \"governance\"")
    .replacing("destinations = [\"offsite\", \"disk\"]", with: sets)
    .replacing("/redoubt/", with: "/a/b/")

  private func inspect(_ text: String) throws -> ConfigurationReport<NodeConfiguration> {
    NodeConfiguration.inspect(try folder.write("redoubt.toml", text))
  }

  private func errors(_ text: String) throws -> [String] {
    try inspect(text).problems.filter { $0.severity == .error }.map { "\($0)" }
  }

  @Test func readsItsKeys() throws {
    let node = try inspect(Self.text).get()
    #expect(node.destinations.map(\.expiry) == [.lifecycle, .prune, .prune])
    #expect(node.destinations[0].s3?.lockMode == .governance)
    #expect(node.sets.map(\.retention) == [30 * 86400, 36 * 3600, nil])
    #expect(node.sets.map(\.objectLifetime) == [90 * 86400, 36 * 3600, nil])
  }

  @Test func aLockIsSetOnRequestAlone() throws {
    let node = try inspect(Self.text.replacing("lock-mode = \"governance\"\n", with: "")).get()
    #expect(node.destinations[0].s3?.lockMode == nil)
  }

  @Test func objectsWithoutALockAreWorthAWarning() throws {
    func warnings(_ text: String) throws -> [ConfigurationProblem] {
      let path = try folder.write("redoubt.toml", text)
      return NodeCheck(path, access: StorageAccess(environment: [:])).run().problems.filter {
        $0.key == "destination.offsite" && $0.severity == .warning
      }
    }
    #expect(try warnings(Self.text) == [])
    let unlocked = try warnings(Self.text.replacing("lock-mode = \"governance\"\n", with: ""))
    #expect(unlocked.map(\.message).contains { $0.hasPrefix("its objects are not locked") })
  }

  static let breakages: [(String, String, String)] = [
    ("\"lifecycle\"", "\"never\"", "destination.offsite.expiry: 'never' is none of prune, lifecycle"),
    ("\"governance\"", "\"legal\"", "destination.offsite.lock-mode: 'legal' is none of compliance, governance"),
    (
      "path = \"/srv", "expiry = \"lifecycle\"\npath = \"/srv", "destination.disk.expiry: has no meaning where kind"
    ),
    ("retention = \"30d\"\n", "", "set.peer-keys: the required key 'retention' is missing"),
    ("retention = \"36h\"\n", "", "set.keys: the required key 'retention' is missing"),
    ("\"36h\"", "\"12h\"", "set.keys.retention: must be from 1d to 3650d, but is 12h"),
    ("\"36h\"", "\"soon\"", "set.keys.retention: 'soon' is no time"),
    (
      "destinations = [\"repository\"]", "retention = \"9d\"\ndestinations = [\"repository\"]",
      "set.here.retention: means something where a destination has expiry"
    ),
  ]

  @Test(arguments: breakages.indices) func namesWhatIsWrong(_ index: Int) throws {
    let (good, bad, message) = Self.breakages[index]
    let text = Self.text.replacing(good, with: bad, maxReplacements: 1)
    try #require(text != Self.text)
    let errors = try errors(text)
    #expect(errors.contains { $0.contains("error: \(message)") }, "\(errors)")
  }

  @Test func aLockNeedsAnEnd() throws {
    let text = Self.text.replacing("expiry = \"lifecycle\"\n", with: "")
    #expect(try errors(text).contains { $0.contains("destination.offsite.lock-mode: needs expiry = \"lifecycle\"") })
  }

  @Test func rulesTouchSetsAlone() throws {
    let all = BucketLifecycle.all(of: try inspect(Self.text).get())
    #expect(all.map(\.bucket) == ["secure-bucket"])
    #expect(all.map(\.destinations) == [["offsite"]])
    let rules = try #require(all.first).rules
    #expect(rules.map(\.id) == ["redoubt/offsite/peer-1/peer-keys", "redoubt/offsite/peer-1/keys"])
    #expect(rules.map(\.prefix) == ["a/b/peer-1/peer-keys/", "a/b/peer-1/keys/"])
    #expect(rules.map(\.days) == [90, 2])
  }

  /// A bucket's configuration is replaced as a whole: destinations in one bucket must share it.
  @Test func destinationsInOneBucketShareItsRules() throws {
    let second = """
      [[destination]]
      name = "second"
      kind = "s3"
      location = "cloud"
      endpoint = "https://s3.eu-central-1.amazonaws.com"
      bucket = "secure-bucket"
      prefix = "c"
      expiry = "lifecycle"

      [[set]]
      name = "peer-keys"
      """
    let text = Self.text.replacing("[[set]]\nname = \"peer-keys\"", with: second)
      .replacing("[\"offsite\", \"disk\"]", with: "[\"offsite\", \"second\", \"disk\"]")
    let one = BucketLifecycle.all(of: try inspect(text).get())
    #expect(one.map(\.destinations) == [["offsite", "second"]])
    #expect(Set(one[0].rules.map(\.id)).count == 4)
    #expect(one[0].rules.map(\.prefix).contains("c/peer-1/keys/"))
    let other = text.replacing("\"secure-bucket\"\nprefix = \"c\"", with: "\"other\"")
    #expect(BucketLifecycle.all(of: try inspect(other).get()).map(\.destinations) == [["offsite"], ["second"]])
    let path = try folder.write("redoubt.toml", other)
    let outcome = try Program.redoubt.run(["schedule", "lifecycle", "--config", path])
    #expect(outcome.status == 78)
    #expect(outcome.errorText.contains("hint: name one by --destination: offsite, second"), "\(outcome.errorText)")
    let named = try Program.redoubt.run(["schedule", "lifecycle", "--config", path, "--destination", "second"])
    #expect(named.status == 0 && named.text.contains("\"peer-1/keys/\"") && !named.text.contains("a/b"))
    let none = try Program.redoubt.run(["schedule", "lifecycle", "--config", path, "--destination", "disk"])
    #expect(none.status == 78 && none.text.isEmpty, "\(none.errorText)")
  }

  @Test func jsonOutputHasTheSameConfiguration() throws {
    let path = try folder.write("redoubt.toml", Self.text)
    let lines = try Program.redoubt.run(["schedule", "lifecycle", "--config", path, "--json"]).lines
      .filter { !$0.contains("git repository") }
    try #require(lines.count == 2)
    #expect(lines[0].hasPrefix(#"{"type":"lifecycle","bucket":"secure-bucket","destinations":["offsite"],"#))
    #expect(lines[1] == #"{"type":"summary","exit":0,"rules":2}"#)
    let configuration = try #require(lines[0].firstRange(of: "\"configuration\":"))
    #expect(
      try JSONDecoder().decode(Sent.self, from: Data(lines[0][configuration.upperBound...].dropLast().utf8)) == sent())
  }

  /// The AWS tools' document.
  struct Sent: Decodable, Equatable {
    struct Rule: Decodable, Equatable {
      struct Expiration: Decodable, Equatable {
        var Days: Int?
        var ExpiredObjectDeleteMarker: Bool?
      }
      struct Noncurrent: Decodable, Equatable { var NoncurrentDays: Int }
      struct Filter: Decodable, Equatable { var Prefix: String }
      struct Abort: Decodable, Equatable { var DaysAfterInitiation: Int }
      var ID: String
      var Status: String
      var Filter: Filter
      var Expiration: Expiration
      var NoncurrentVersionExpiration: Noncurrent?
      var AbortIncompleteMultipartUpload: Abort?
    }
    var Rules: [Rule]
  }

  private func printed() throws -> Command.Outcome {
    let path = try folder.write("redoubt.toml", Self.text)
    let outcome = try Program.redoubt.run(["schedule", "lifecycle", "--config", path])
    try #require(outcome.status == 0, "\(outcome.errorText)")
    return outcome
  }

  private func sent() throws -> Sent { try JSONDecoder().decode(Sent.self, from: Data(try printed().output)) }

  @Test(arguments: [S3Server.Kind.radosgw, .moto]) func serversTakeTheRule(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket(objectLock: true)
    let aws = "\(try S3Server.tools())/aws"
    let file = try folder.write("lifecycle.json", try printed().output)
    let put = try Command.run(
      aws,
      [
        "s3api", "put-bucket-lifecycle-configuration", "--bucket", bucket, "--lifecycle-configuration",
        "file://\(file)",
      ], environment: server.environment)
    #expect(put.status == 0, "\(put.errorText)")
    let get = try Command.run(
      aws, ["s3api", "get-bucket-lifecycle-configuration", "--bucket", bucket, "--output", "json"],
      environment: server.environment)
    let kept = try JSONDecoder().decode(Sent.self, from: Data(get.output)).Rules.sorted { $0.ID < $1.ID }
    #expect(kept == (try sent().Rules.sorted { $0.ID < $1.ID }))
    #expect(kept.map { $0.Expiration.Days } == [2, nil, 90, nil])
  }
}
