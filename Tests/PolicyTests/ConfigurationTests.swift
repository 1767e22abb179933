import Files
import Policy
import Storage
import Testing

@Suite struct ConfigurationTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func node(_ text: String) throws -> ConfigurationReport<NodeConfiguration> {
    NodeConfiguration.inspect(try folder.write("redoubt.toml", text))
  }

  @Test func readsEveryKeyOfANode() throws {
    let node = try NodeConfiguration.load(try folder.write("redoubt.toml", Sample.node))
    #expect(node.host == "peer-1")
    #expect(node.state == "/var/lib/redoubt")
    #expect(node.workers == 3)
    #expect(
      node.keys
        == KeysConfiguration(
          gnupgHome: "/var/lib/redoubt/gnupg", recipients: ["backup@example.com"], signer: "peer-1@example.com"))
    var settings = S3Settings(
      endpoint: "https://s3.eu-central-1.amazonaws.com", region: "eu-central-1", bucket: "secure-bucket")
    settings.prefix = "redoubt"
    settings.addressing = .virtualHost
    settings.sse = "AES256"
    #expect(
      node.destinations == [
        DestinationConfiguration(name: "offsite", kind: .s3, location: .cloud, s3: settings),
        DestinationConfiguration(name: "disk", kind: .directory, location: .local, path: "/srv/redoubt"),
      ])
    var set = SetConfiguration(
      name: "peer-keys", dataClass: "node-configurations", paths: ["/opt/convex/peer-keys.dat", "/etc/convex"],
      destinations: ["offsite", "disk"])
    set.exclude = ["*.tmp"]
    set.oneFileSystem = true
    set.volumeSize = 8 << 20
    #expect(node.sets == [set])
  }

  @Test func programsAndDatabasesTakeThePlaceOfPaths() throws {
    let node = try NodeConfiguration.load(
      try folder.write(
        "redoubt.toml",
        Sample.node.replacing(
          "paths = [\"/opt/convex/peer-keys.dat\", \"/etc//convex/\"]",
          with: """
            command = ["pg_dump", "-t", "a", "-t", "b", ""]
            command-timeout = "90s"
            sqlite = ["/var//lib/a.db"]
            before = ["systemctl", "stop", "peer"]
            after = ["/usr/bin/systemctl", "start", "peer"]
            hook-timeout = "5m"
            """)))
    var set = node.sets[0]
    #expect(set.paths == [] && set.sqlite == ["/var/lib/a.db"])
    #expect(set.command == ["pg_dump", "-t", "a", "-t", "b", ""], "arguments may repeat and be empty")
    #expect(set.commandPath == "/dump/peer-keys.dump")
    #expect(set.commandTimeout == 90 && set.hookTimeout == 300)
    #expect(set.before == ["systemctl", "stop", "peer"] && set.after == ["/usr/bin/systemctl", "start", "peer"])
    set.commandName = "client.sql"
    #expect(set.commandPath == "/dump/client.sql")
  }

  @Test func readsEveryKeyOfAKeeper() throws {
    let keeper = try KeeperConfiguration.load(try folder.write("verify.toml", Sample.keeper))
    #expect(keeper.state == "/var/lib/redoubt-verify")
    #expect(keeper.keys == KeysConfiguration(gnupgHome: "/var/lib/redoubt-verify/gnupg"))
    #expect(
      keeper.nodes == [WatchedNode(host: "peer-1", trustedSigners: [Sample.fingerprint], destinations: ["disk"])])
  }

  @Test func namesAllProblemsAtOnceInTheOrderOfTheFile() throws {
    let text = Sample.node
      .replacing("workers = 3", with: "workers = 1000")
      .replacing("recipients", with: "recipents")
      .replacing("https://", with: "http://")
      .replacing("\"/srv/redoubt/\"", with: "\"srv/redoubt\"")
      .replacing("one-file-system = true", with: "one-file-system = \"yes\"")
      .replacing("[\"offsite\", \"disk\"]", with: "[\"offsite\", \"disc\"]")
    let report = try node(text)
    #expect(!report.isUsable)
    #expect(
      report.problems.map { "\($0)" } == [
        "line 3: error: workers: must be from 0 to 256, but is 1000",
        "line 5: error: keys: the required key 'recipients' is missing",
        "line 7: error: unknown key 'recipents' in keys",
        "line 14: error: destination.offsite.endpoint: 'http://s3.eu-central-1.amazonaws.com' is not encrypted, "
          + "and s3.eu-central-1.amazonaws.com is another machine",
        "line 25: error: destination.disk.path: 'srv/redoubt' is not an absolute path",
        "line 32: error: set.peer-keys.one-file-system: must be true or false, but is a string",
        "line 34: error: set.peer-keys.destinations: there is no [[destination]] named 'disc'",
      ])
    #expect(report.problems[2].hint == "did you mean 'recipients'?")
    #expect(report.problems[6].hint == "did you mean 'disk'?")
    #expect(throws: ConfigurationError.self) { try report.get() }
    // The rest can still be checked.
    #expect(report.configuration?.host == "peer-1")
    #expect(report.configuration?.keys.signer == "peer-1@example.com")
  }

  /// Each breaks the sample in one place and names the one message that must follow.
  static let breakages: [(String, String, String)] = [
    ("host = \"peer-1\"\n", "", "error: the required key 'host' is missing"),
    ("\"peer-1\"\n", "\"Peer 1\"\n", "line 1: error: host: 'Peer 1' is no valid name"),
    ("\"peer-1\"\n", "1\n", "line 1: error: host: must be a string, but is an integer"),
    ("\"peer-1\"\n", "\"\"\n", "line 1: error: host: is empty"),
    ("\"/var/lib/redoubt\"", "\"/var/../redoubt\"", "line 2: error: state: '/var/../redoubt' has '..' in it"),
    ("[\"backup@example.com\"]", "[]", "line 7: error: keys.recipients: has no recipient in it"),
    (
      "[\"backup@example.com\"]", "\"a\"",
      "line 7: error: keys.recipients: must be an array of strings, but is a string"
    ),
    ("[\"backup@example.com\"]", "[1]", "line 7: error: keys.recipients: item 1 must be a string, but is an integer"),
    ("\"s3\"", "\"S3\"", "line 12: error: destination.offsite.kind: 'S3' is none of s3, directory, git"),
    ("\"cloud\"", "\"moon\"", "line 13: error: destination.offsite.location: 'moon' is none of cloud, offsite"),
    ("https://", "ftp://", "line 14: error: destination.offsite.endpoint: the scheme of 'ftp://"),
    ("https://", "https://me:secret@", "line 14: error: destination.offsite.endpoint: has a user name in it"),
    ("amazonaws.com", "amazonaws.com/bucket", "line 14: error: destination.offsite.endpoint: "),
    ("amazonaws.com", "amazonaws.com:99999", "line 14: error: destination.offsite.endpoint: "),
    ("secure-bucket", "secure/bucket", "line 16: error: destination.offsite.bucket: 'secure/bucket' is no valid"),
    ("/redoubt/\"\naddr", "a/../b\"\naddr", "line 17: error: destination.offsite.prefix: 'a/../b' is no valid prefix"),
    ("AES256", "aes", "line 19: error: destination.offsite.sse: 'aes' is none of AES256, aws:kms"),
    ("sse = ", "sse-kms-key-id = \"k\"\nsse = ", "line 19: error: destination.offsite.sse-kms-key-id: needs sse"),
    ("path = ", "bucket = \"b\"\npath = ", "line 25: error: destination.disk.bucket: has no meaning"),
    ("[[set]]", "[set]", "line 27: error: set: must be an array of tables, but is a table"),
    ("\"peer-keys\"", "\"catalog\"", "line 28: error: set.catalog.name: 'catalog' is a name that the stored format"),
    ("\"node-configurations\"", "\"nodes\"", "line 29: error: set.peer-keys.class: unknown class 'nodes'"),
    (
      "\"node-configurations\"", "\"wallet-seed-phrases\"",
      "line 29: error: set.peer-keys.class: what is of class wallet"
    ),
    (
      "[\"/opt/convex/peer-keys.dat\", \"/etc//convex/\"]", "[]",
      "line 30: error: set.peer-keys.paths: has no path in it"
    ),
    (
      "/etc//convex/", "/opt/convex",
      "line 30: error: set.peer-keys.paths: '/opt/convex/peer-keys.dat' is part of '/opt/convex'"
    ),
    ("\"8 MiB\"", "\"8 apples\"", "line 33: error: set.peer-keys.volume-size: '8 apples' is no size"),
    (
      "\"8 MiB\"", "1048575",
      "line 33: error: set.peer-keys.volume-size: must be from 1 MiB to 64 MiB, but is 1048575 bytes"
    ),
    ("\"8 MiB\"", "\"2 GiB\"", "line 33: error: set.peer-keys.volume-size: must be from 1 MiB to 64 MiB"),
    (
      "volume-size = \"8 MiB\"", "compression-level = 20",
      "line 33: error: set.peer-keys.compression-level: must be from 1 to 19"
    ),
    (
      "volume-size = \"8 MiB\"", "refresh = \"90d\"",
      "line 33: error: set.peer-keys.refresh: means something with mode = \"incremental\" alone"
    ),
    (
      "volume-size = \"8 MiB\"", "mode = \"incremental\"\nrefresh = \"soon\"",
      "line 34: error: set.peer-keys.refresh: 'soon' is no time"
    ),
    (
      "volume-size = \"8 MiB\"", "mode = \"incremental\"\ncompact = 1.5",
      "line 34: error: set.peer-keys.compact: must be from 0 to 1, but is 1.5"
    ),
    (
      "volume-size = \"8 MiB\"", "command-name = \"a.sql\"",
      "line 33: error: set.peer-keys.command-name: means something with command alone"
    ),
    (
      "volume-size = \"8 MiB\"", "hook-timeout = \"5m\"",
      "line 33: error: set.peer-keys.hook-timeout: means something with before or after alone"
    ),
    (
      "volume-size = \"8 MiB\"", "command = \"pg_dump\"",
      "line 33: error: set.peer-keys.command: must be an array of strings, but is a string"
    ),
    ("volume-size = \"8 MiB\"", "command = []", "line 33: error: set.peer-keys.command: names no program"),
    (
      "volume-size = \"8 MiB\"", "before = [\"sleep\", 1]",
      "line 33: error: set.peer-keys.before: must hold strings alone: the program and its arguments"
    ),
    (
      "volume-size = \"8 MiB\"", "after = [\"bin/go\"]",
      "line 33: error: set.peer-keys.after: 'bin/go' is neither a name to be looked for on PATH nor an absolute path"
    ),
    (
      "volume-size = \"8 MiB\"", "command = [\"a\"]\ncommand-name = \"a/b\"",
      "line 34: error: set.peer-keys.command-name: 'a/b' is no file name"
    ),
    (
      "volume-size = \"8 MiB\"", "command = [\"a\"]\ncommand-timeout = \"0s\"",
      "line 34: error: set.peer-keys.command-timeout: must be from 1s to 30d, but is 0s"
    ),
    ("volume-size = \"8 MiB\"", "sqlite = []", "line 33: error: set.peer-keys.sqlite: has no path in it"),
    (
      "volume-size = \"8 MiB\"", "sqlite = [\"a.db\"]",
      "line 33: error: set.peer-keys.sqlite: 'a.db' is not an absolute path"
    ),
    (
      "volume-size = \"8 MiB\"", "sqlite = [\"/a/b.db\", \"/a//b.db\"]",
      "line 33: error: set.peer-keys.sqlite: '/a//b.db' is there twice"
    ),
    (
      "volume-size = \"8 MiB\"", "command = [\"a\"]\nsqlite = [\"/dump/peer-keys.dump\"]",
      "line 34: error: set.peer-keys.sqlite: '/dump/peer-keys.dump' is where snapshots have the command's output"
    ),
    (
      "\"/etc//convex/\"]", "\"/dump/x/y\"]\ncommand = [\"a\"]\ncommand-name = \"x\"",
      "line 30: error: set.peer-keys.paths: '/dump/x/y' is where snapshots have the command's output"
    ),
    ("[\"offsite\", \"disk\"]", "[]", "line 34: error: set.peer-keys.destinations: has no destination in it"),
    (
      "destinations = [\"offsite\", \"disk\"]", "",
      "line 27: error: set.peer-keys: the required key 'destinations' is missing"
    ),
    (
      "[\"offsite\", \"disk\"]", "[\"offsite\"]",
      "line 34: error: set.peer-keys.destinations: class node-configurations needs a destination whose location is local or removable"
    ),
    (
      "[\"offsite\", \"disk\"]", "[\"disk\"]",
      "line 34: error: set.peer-keys.destinations: class node-configurations needs a destination whose location is cloud or offsite"
    ),
    ("[keys]", "[[node]]\nhost = \"a\"\n[keys]", "line 5: error: 'node' belongs to the keeper's configuration"),
  ]

  @Test(arguments: breakages.indices)
  func namesWhatIsWrong(_ index: Int) throws {
    let (good, bad, message) = Self.breakages[index]
    let text = Sample.node.replacing(good, with: bad, maxReplacements: 1)
    try #require(text != Sample.node)
    let problems = try node(text).problems.map { "\($0)" }
    #expect(problems.count == 1 && problems[0].hasPrefix(message), "\(problems)")
  }

  @Test func aNameIsTakenOnce() throws {
    let text = Sample.node.replacing("\"disk\"\n", with: "\"offsite\"\n", maxReplacements: 1)
    #expect(
      try node(text).problems.map { "\($0)" } == [
        "line 22: error: destination.offsite.name: the name 'offsite' is taken already",
        "line 34: error: set.peer-keys.destinations: there is no [[destination]] named 'disk'",
      ])
  }

  @Test func twoDestinationsThatAreOnePlaceAreRefused() throws {
    let text = Sample.node.replacing(
      "[[set]]",
      with: "[[destination]]\nname = \"disk-2\"\nkind = \"directory\"\n"
        + "location = \"local\"\npath = \"/srv/redoubt\"\n\n[[set]]")
    #expect(
      try node(text).problems.map { "\($0)" } == [
        "line 27: error: destination.disk-2: is the same place as destination disk"
      ])
  }

  @Test(arguments: ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9000", "http://127.9.9.9/"])
  func unencryptedEndpointsAreForThisMachine(_ endpoint: String) throws {
    let text = Sample.node.replacing("https://s3.eu-central-1.amazonaws.com", with: endpoint)
    #expect(try node(text).problems == [])
  }

  @Test(arguments: ["http://127.0.0.1.example.com", "http://localhost.example.com", "http://128.0.0.1", "http://[::2]"])
  func unencryptedEndpointsElsewhereAreRefused(_ endpoint: String) throws {
    let text = Sample.node.replacing("https://s3.eu-central-1.amazonaws.com", with: endpoint)
    let report = try node(text)
    #expect(report.problems.count == 1 && report.problems[0].message.contains("is not encrypted"), "\(report.problems)")
  }

  /// Each class's rule about storage, broken: which rule, and how to mend it. The sample has a destination in the cloud and
  /// a local one.
  @Test(
    arguments: [
      ("node-configurations", "[\"disk\"]", "cloud or offsite", "location = \"cloud\" or location = \"offsite\""),
      ("node-configurations", "[\"offsite\"]", "local or removable", "location = \"local\""),
      ("client-database", "[\"disk\"]", "offsite or cloud", "location = \"offsite\""),
      ("server-configs", "[\"offsite\", \"disk\"]", "git (a private git repository)", "location = \"git\""),
      ("monitoring-configs", "[\"offsite\", \"disk\"]", "git (a private git repository)", "location = \"git\""),
    ])
  func aSetThatBreaksItsClassIsRefused(
    _ dataClass: String, _ destinations: String, _ locations: String, _ mending: String
  ) throws {
    let text = Sample.node.replacing("node-configurations", with: dataClass)
      .replacing("[\"offsite\", \"disk\"]", with: destinations)
    let report = try node(text)
    #expect(
      report.problems.map(\.message) == ["class \(dataClass) needs a destination whose location is \(locations)"])
    #expect(report.problems[0].hint?.contains(mending) == true)
    #expect(report.problems[0].line == 34 && !report.isUsable)
  }

  /// What counts is where a destination is, not how it is written.
  @Test func aDestinationInAGitRepositoryIsEnoughForServerConfigs() throws {
    let text = Sample.node.replacing("node-configurations", with: "server-configs")
      .replacing("location = \"local\"", with: "location = \"git\"")
    #expect(try node(text).problems == [])
  }

  @Test func anotherFrequencyTableIsUsed() throws {
    let table = try folder.write(
      "frequency.toml",
      """
      [[class]]
      name = "ledger"
      back-up = "weekly"
      storage = [["removable"]]
      verify = "7d"
      grace = "2d"
      """)
    let text = "frequency-table = \"\(table)\"\n" + Sample.node.replacing("node-configurations", with: "ledger")
    let broken = try node(text)
    #expect(
      broken.problems.map(\.message) == ["class ledger needs a destination whose location is removable"])
    let whole = try node(text.replacing("location = \"local\"", with: "location = \"removable\"")).get()
    #expect(whole.frequencies.names == ["ledger"] && whole.frequencies["ledger"]?.drillInterval == nil)
    // Its own classes and no others.
    let unknown = try node("frequency-table = \"\(table)\"\n" + Sample.node)
    #expect(unknown.problems.map(\.message) == ["unknown class 'node-configurations'"])
    #expect(unknown.problems[0].hint == "known classes are ledger")
    let keeper = try folder.write("verify.toml", "frequency-table = \"\(table)\"\n" + Sample.keeper)
    #expect(try KeeperConfiguration.load(keeper).frequencies["ledger"]?.verificationInterval == 7 * 86400)
  }

  @Test func aFrequencyTableThatCannotBeUsedIsOneClearError() throws {
    let path = "\(folder.path)/frequency.toml"
    let text = "frequency-table = \"\(path)\"\n" + Sample.node
    #expect(
      try node(text).problems.map { "\($0)" } == [
        "line 1: error: frequency-table: \(path): there is no such file"
      ])
    for (content, message) in [
      ("[[class]\n", "\(path), line 1, column "), ("", "\(path): is empty"),
      ("[[class]]\nname = \"a\"\n", "\(path), line 1: class.1: the required key 'back-up' is missing"),
      ("class = 1\n", "\(path), line 1: class: must be an array of tables"),
    ] {
      try folder.write("frequency.toml", content)
      let report = try node(text)
      #expect(!report.isUsable)
      #expect(report.problems.first?.key == "frequency-table")
      #expect(report.problems.first?.message.hasPrefix(message) == true, "\(report.problems)")
      #expect(report.problems.allSatisfy { $0.key == "frequency-table" }, "nothing is held to a broken table")
    }
    // Whoever writes it decides how often backups are made.
    try folder.write("frequency.toml", String(decoding: try FileContent.read(Self.table), as: UTF8.self), mode: 0o666)
    #expect(try node(text).problems.first?.message.contains("others can write") == true)
    let keeper = try folder.write("verify.toml", text.prefix { $0 != "\n" } + "\n" + Sample.keeper)
    #expect(!KeeperConfiguration.inspect(keeper).isUsable)
    let outcome = try Program.redoubt.run(["backup", "--due", "--config", try folder.write("redoubt.toml", text)])
    #expect(outcome.status == 78 && outcome.errorText.contains("frequency-table"), "\(outcome.errorText)")
  }

  private static let table = "\(FrequencyTableTests.package)/Schedules/frequency.toml"

  @Test func aDestinationInsideASourceIsAWarning() throws {
    let report = try node(Sample.node.replacing("/etc//convex/", with: "/srv"))
    #expect(report.problems.map(\.severity) == [.warning])
    #expect(report.problems[0].hint == "add '/srv/redoubt' to exclude")
  }

  @Test(arguments: ["peer-1@example.com", "89ABCDEF01234567", "0123", String(repeating: "g", count: 40)])
  func trustedSignersAreFingerprintsAlone(_ signer: String) throws {
    let text = Sample.keeper.replacing("0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567", with: signer)
    let report = KeeperConfiguration.inspect(try folder.write("verify.toml", text))
    #expect(report.problems.count == 1)
    #expect(report.problems.first?.key == "node.peer-1.trusted-signers")
    #expect(report.problems.first?.line == 14)
  }

  @Test func theKeepersSignerIsOptional() throws {
    let none = try KeeperConfiguration.load(try folder.write("verify.toml", Sample.keeper))
    #expect(none.keys == KeysConfiguration(gnupgHome: "/var/lib/redoubt-verify/gnupg"))
    let text = Sample.keeper.replacing("[keys]\n", with: "[keys]\nsigner = \"keeper@example.com\"\n")
    let one = try KeeperConfiguration.load(try folder.write("verify.toml", text))
    #expect(one.keys.signer == "keeper@example.com" && one.keys.recipients.isEmpty)
    let empty = Sample.keeper.replacing("[keys]\n", with: "[keys]\nsigner = \"\"\n")
    let report = KeeperConfiguration.inspect(try folder.write("verify.toml", empty))
    #expect(report.problems.map(\.key) == ["keys.signer"] && report.problems.map(\.line) == [4])
  }

  @Test func theNodesKeysDoNotBelongInTheKeepersFile() throws {
    let report = KeeperConfiguration.inspect(try folder.write("verify.toml", Sample.node))
    let messages = report.problems.map(\.message)
    for key in ["host", "set", "recipients"] {
      #expect(messages.contains("'\(key)' belongs to the node's configuration (redoubt.toml)"))
    }
    #expect(messages.contains("there is no [[node]]: nothing would be verified"))
  }

  @Test func linesAreFoundThroughCommentsLongStringsAndDottedKeys() throws {
    let text = """
      # host = "no"
      host = 'peer-1'   # here
      keys.gnupg-home = "/g"
      keys."recipients" = [ # one
        "a", # ]
        \"\"\"
      b = \\\" = 1
      \"\"\"\"\", ]
      keys.signer = '''
      x'''
      state = "/s"

      [[destination]]
      name = "disk"
      kind = "directory"
      location = "local"
      path = "/d"
      [[set]]
      name = "a"
      class = "client-database"
      paths = [
        "/x",
      ]
      destinations = ["disk"]
        [[set]]
        nam = "b"
      """
    #expect(
      try node(text).problems.map { "\($0)" }.sorted() == [
        "line 24: error: set.a.destinations: class client-database needs a destination whose location is offsite or cloud",
        "line 25: error: set.2: the required key 'class' is missing",
        "line 25: error: set.2: the required key 'destinations' is missing",
        "line 25: error: set.2: the required key 'name' is missing",
        "line 25: error: set.2: the required key 'paths' is missing",
        "line 26: error: unknown key 'nam' in set.2",
      ])
  }
}
