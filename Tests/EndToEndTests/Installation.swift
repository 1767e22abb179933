internal import Files
internal import FoundationEssentials
internal import Glibc
internal import TestKit
internal import Testing

/// A node and a keeper as they are installed: the real programs, configuration files, key rings and a source tree.
final class Installation {
  struct Destination {
    var name: String
    /// The lines of its `[[destination]]` beside the name.
    var settings: String

    /// A folder; `offsite`, so that it satisfies every class but one.
    static func folder(_ name: String, _ path: String, location: String = "offsite") -> Destination {
      Destination(name: name, settings: "kind = \"directory\"\nlocation = \"\(location)\"\npath = \"\(path)\"\n")
    }

    static func s3(
      _ server: S3Server, bucket: String, endpoint: String? = nil, prefix: String = "", _ more: String = ""
    ) -> Destination {
      Destination(
        name: "s3",
        settings: """
          kind = "s3"
          location = "cloud"
          endpoint = "\(endpoint ?? server.endpoint)"
          region = "\(server.region)"
          bucket = "\(bucket)"
          \(prefix.isEmpty ? "" : "prefix = \"\(prefix)\"")
          \(more)

          """)
    }
  }

  struct Source {
    var name = "data"
    var dataClass = "client-database"
    var paths: [String]
    var destinations: [String]?
    var settings = ""
  }

  let folder: TemporaryFolder
  let keys: SharedKeyRings
  var destinations: [Destination]
  var sets: [Source]
  var nodeKeys: String
  var keeperHome: String
  /// The lines of `[alerts]` of both programs; none where empty.
  var alerts = ""
  /// Credentials and what else the programs find in their environment.
  var environment: [String: String?] = [
    "AWS_ACCESS_KEY_ID": nil, "AWS_SECRET_ACCESS_KEY": nil, "AWS_SESSION_TOKEN": nil, "AWS_PROFILE": nil,
    "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "TERM": "dumb",
  ]

  /// - Parameter destinations: a folder named `disk` where nil.
  init(_ destinations: [Destination]? = nil) throws {
    folder = try TemporaryFolder("e2e")
    keys = try SharedKeyRings.rings.get()
    for name in ["source", "disk"] { try Paths.makeFolders(folder(name)) }
    self.destinations = destinations ?? [.folder("disk", folder("disk"))]
    sets = [Source(paths: [folder("source")])]
    nodeKeys = """
      gnupg-home = "\(keys.node.home)"
      recipients = ["\(keys.recipient)"]
      signer = "\(keys.signer)"
      """
    keeperHome = keys.keeper.home
    try configure()
  }

  var source: String { folder("source") }
  var disk: String { folder("disk") }
  var state: String { folder("state") }

  /// Takes the credentials of `server`'s owner, as the AWS tools would.
  func use(_ server: S3Server, accessKey: String? = nil, secretKey: String? = nil) {
    environment["AWS_ACCESS_KEY_ID"] = accessKey ?? server.accessKey
    environment["AWS_SECRET_ACCESS_KEY"] = secretKey ?? server.secretKey
  }

  /// Writes both configuration files anew.
  func configure() throws {
    let places = destinations.map { "[[destination]]\nname = \"\($0.name)\"\n\($0.settings)\n" }.joined()
    let all = destinations.map(\.name)
    func list(_ texts: [String]) -> String { "[\(texts.map { "\"\($0)\"" }.joined(separator: ", "))]" }
    var node = "host = \"peer-1\"\nstate = \"\(state)\"\nworkers = 2\n\n[keys]\n\(nodeKeys)\n\n" + places
    for set in sets {
      node += """
        [[set]]
        name = "\(set.name)"
        class = "\(set.dataClass)"
        paths = \(list(set.paths))
        volume-size = "1 MiB"
        destinations = \(list(set.destinations ?? all))
        \(set.settings)

        """
    }
    let keeper = """
      state = "\(folder("keeper"))"

      [keys]
      gnupg-home = "\(keeperHome)"

      \(places)
      [[node]]
      host = "peer-1"
      trusted-signers = ["\(keys.signer)"]
      destinations = \(list(all))
      """
    let table = alerts.isEmpty ? "" : "\n[alerts]\n\(alerts)\n"
    try FileContent.write(Array((node + table).utf8), to: folder("redoubt.toml"), mode: 0o600)
    try FileContent.write(Array((keeper + table).utf8), to: folder("verify.toml"), mode: 0o600)
  }

  // MARK: Programs

  enum Program: String, CaseIterable {
    case redoubt
    case redoubtVerify = "redoubt-verify"

    /// Beside the test bundle, whose path the test runner was given.
    var path: String {
      get throws {
        let bundle = try #require(CommandLine.arguments.first { $0.hasSuffix(".xctest") })
        return "\(Paths.parent(bundle))/\(rawValue)"
      }
    }
  }

  /// Starts `redoubt` without waiting for it.
  func startNode(_ arguments: [String]) throws -> Command {
    try Command(
      Program.redoubt.path, arguments + ["--config", folder("redoubt.toml")], environment: environment)
  }

  func node(_ arguments: [String]) throws -> Command.Outcome { try startNode(arguments).wait(timeout: 120) }

  func keeper(_ arguments: [String]) throws -> Command.Outcome {
    try Command.run(
      Program.redoubtVerify.path, arguments + ["--config", folder("verify.toml")], environment: environment,
      timeout: 120)
  }

  /// Verifies the latest snapshot of each set at each destination and expects every one to be sound.
  func expectSound(_ level: String = "readable", count: Int = 1, _ location: SourceLocation = #_sourceLocation) throws {
    let outcome = try keeper(["verify", "--level", level, "--json"])
    let lines = try Self.json(outcome)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)", sourceLocation: location)
    let results = lines.filter { $0.type == "verification" }.map(\.result)
    #expect(results == Array(repeating: "sound", count: count), sourceLocation: location)
  }

  /// Restores the latest snapshot of the set.
  /// - Returns: the restored source tree.
  func restore(_ name: String = "restored", set: String = "data", _ arguments: [String] = []) throws -> String {
    let outcome = try keeper(["restore", "latest", "--set", set, "--target", folder(name)] + arguments)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    return folder(name) + source
  }

  // MARK: What is there

  /// A line of `--json`, as far as tests look at it.
  struct Line: Decodable {
    var type: String
    var exit: Int?
    var result: String?
    var reason: String?
    var code: String?
    var path: String?
    var detail: String?
    var status: String?
    var snapshot: String?
    var message: String?
    var findings: Findings?

    /// A number in summaries, a list elsewhere.
    struct Findings: Decodable {
      init(from decoder: any Decoder) {}
    }
  }

  /// The lines of a run with `--json`: each is an object, the last one the summary, which says the exit code.
  static func json(_ outcome: Command.Outcome, _ location: SourceLocation = #_sourceLocation) throws -> [Line] {
    let lines = try outcome.output.split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Line.self, from: Data($0))
    }
    #expect(outcome.output.last == UInt8(ascii: "\n"), sourceLocation: location)
    #expect(lines.last?.type == "summary", sourceLocation: location)
    #expect(lines.count { $0.type == "summary" } == 1, sourceLocation: location)
    #expect(lines.last?.exit == Int(outcome.status), sourceLocation: location)
    return lines
  }

  /// The keys at a folder destination, with everything else that lies there.
  func objects(_ place: String? = nil) throws -> [String] {
    try Command.succeed("find", [place ?? disk, "-type", "f", "-printf", "%P\\n"]).lines.sorted()
  }

  func manifests(_ place: String? = nil) throws -> [String] {
    try objects(place).filter { $0.hasSuffix("/manifest.tar.zst.gpg") }
  }

  /// Nothing half-written: every file at a folder destination has a name of the format, and none is a temporary one.
  func expectNothingHalf(_ place: String? = nil, _ location: SourceLocation = #_sourceLocation) throws {
    for key in try objects(place) {
      let isWhole = key.hasSuffix(".gpg") || key.hasSuffix("/RECOVER-1.md") || key.hasSuffix("/recover-1.sh")
      #expect(isWhole, "\(key)", sourceLocation: location)
    }
  }

  /// Writes a source file.
  func write(_ name: String, _ content: [UInt8]) throws {
    try Paths.makeFolders(Paths.parent("\(source)/\(name)"))
    try FileContent.write(content, to: "\(source)/\(name)", mode: 0o644)
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  /// Writes a file of bytes that do not compress.
  func writeNoise(_ name: String, megabytes: Int) throws {
    try Paths.makeFolders(Paths.parent("\(source)/\(name)"))
    try Command.succeed("dd", ["if=/dev/urandom", "of=\(source)/\(name)", "bs=1M", "count=\(megabytes)"])
  }
}
