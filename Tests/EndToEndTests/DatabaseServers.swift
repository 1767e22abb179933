internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// A real database server of a test's own: an unprivileged user's, on a Unix socket in a temporary folder, and nowhere
/// else. It ends with this object.
class DatabaseServer {
  let folder: TemporaryFolder
  private struct NotReady: Error { let description: String }

  private var server: Command?
  private let stopSignal: Int32

  fileprivate init(stopSignal: Int32) throws {
    self.stopSignal = stopSignal
    folder = try TemporaryFolder("db")
    try Paths.makeFolders(folder("run"))
    guard geteuid() == 0 else { return }
    chmod(folder.path, 0o711)
    chown(folder("run"), Self.nobody, Self.nobody)
  }

  deinit { stop() }

  /// Where the server has its files and its socket.
  var home: String { folder("run") }

  private static let nobody: uid_t = 65534

  /// Neither PostgreSQL nor MariaDB runs as root.
  private func unprivileged(_ words: [String]) -> [String] {
    guard geteuid() == 0 else { return words }
    return ["setpriv", "--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups", "--"] + words
  }

  fileprivate func prepare(_ words: [String]) throws {
    let words = unprivileged(words)
    try Command.succeed(words[0], Array(words.dropFirst()), environment: ["HOME": home], folder: home, timeout: 120)
  }

  fileprivate func start(_ words: [String], isReady: () throws -> Bool) throws {
    let words = unprivileged(words)
    let server = try Command(words[0], Array(words.dropFirst()), environment: ["HOME": home], folder: home)
    self.server = server
    for _ in 0..<600 {
      if try isReady() { return }
      usleep(50_000)
    }
    server.signal(SIGKILL)
    self.server = nil
    let outcome = try server.wait()
    throw NotReady(description: "\(words) is not ready: \(outcome.text)\(outcome.errorText)")
  }

  func stop() {
    server?.signal(stopSignal)
    // One that does not end is killed by the wait.
    _ = try? server?.wait(timeout: 30)
    server = nil
  }
}

final class PostgreSQLServer: DatabaseServer {
  private let programs: String

  /// A new cluster, whose superuser is `postgres`.
  init() throws {
    let found = try Command.succeed("sh", ["-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"]).lines
    programs = try #require(found.first, "PostgreSQL's programs are needed: scripts/install-postgresql.sh")
    try super.init(stopSignal: SIGINT)
    try prepare([
      "\(programs)/initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
      "--pgdata=\(home)/data",
    ])
    try start([
      "\(programs)/postgres", "-D", "\(home)/data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off",
      "-c", "max_connections=10", "-c", "shared_buffers=16MB",
    ]) { try Command.run("psql", ["-c", "select 1"], environment: administrator).status == 0 }
  }

  /// What leads a client here.
  var environment: [String: String?] { ["PGHOST": home] }
  var administrator: [String: String?] {
    ["PGHOST": home, "PGUSER": "postgres", "PGDATABASE": "postgres", "PGOPTIONS": "-c client_min_messages=warning"]
  }

  @discardableResult
  func run(_ sql: String, in database: String = "postgres") throws -> String {
    try Command.succeed(
      "psql", ["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql], environment: administrator
    ).text
  }

  /// Starts a client that goes on by itself.
  func start(_ sql: String, in database: String) throws -> Command {
    try Command("psql", ["-qAtX", "-d", database, "-c", sql], environment: administrator)
  }
}

final class MariaDBServer: DatabaseServer {
  var socket: String { "\(home)/socket" }

  /// A new server, whose superuser is `root` without a password.
  init() throws {
    try super.init(stopSignal: SIGTERM)
    try prepare([
      "mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
      "--datadir=\(home)/data", "--innodb-log-file-size=8M",
    ])
    let server = try #require(
      ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].first(where: Paths.exists), "mariadb-server-core is needed")
    try start([
      server, "--no-defaults", "--datadir=\(home)/data", "--socket=\(socket)", "--skip-networking",
      "--pid-file=\(home)/pid", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
      "--innodb-log-file-size=8M",
    ]) { try Command.run("mariadb", arguments + ["-e", "select 1"]).status == 0 }
  }

  var arguments: [String] { ["--no-defaults", "--user=root", "--socket=\(socket)", "--batch", "--skip-column-names"] }

  @discardableResult
  func run(_ sql: String) throws -> String { try Command.succeed("mariadb", arguments, input: Array(sql.utf8)).text }
}
