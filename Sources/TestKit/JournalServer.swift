internal import Files
internal import Glibc

/// A real systemd-journald, in a mount namespace of its own: it has another /run than this machine's, and ends with this
/// object.
public final class JournalServer: Sendable {
  private let daemon: Command
  private let folder: TemporaryFolder

  private static let script = """
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journald.conf.d /run/log/journal || exit
    printf '[Journal]\\nStorage=volatile\\nAudit=no\\nReadKMsg=no\\nRateLimitBurst=0\\n' >/run/systemd/journald.conf.d/test.conf
    exec /lib/systemd/systemd-journald
    """

  public init() throws {
    folder = try TemporaryFolder("journal")
    // Whoever is not root is it in a namespace of users.
    let flags = geteuid() == 0 ? [] : ["--map-root-user"]
    daemon = try Command(
      "unshare", flags + ["--mount", "--propagation", "private", "sh", "-c", Self.script])
    for _ in 0..<400 where !Paths.exists(socket) { usleep(25_000) }
    guard Paths.exists(socket) else {
      throw Command.Failure(command: ["systemd-journald"], reason: "made no socket within ten seconds")
    }
  }

  deinit {
    daemon.signal(SIGTERM)
    // It has nothing more to say.
    _ = try? daemon.wait(timeout: 10)
  }

  /// Its own file system as this process sees it.
  private var root: String { "/proc/\(daemon.pid)/root" }

  /// What native clients send to.
  public var socket: String { "\(root)/run/systemd/journal/socket" }

  /// Runs a program as systemd would: both outputs are the journal's stream, and the environment says so.
  public func run(_ program: String, _ arguments: [String], environment: [String: String?] = [:]) throws
    -> Command.Outcome
  {
    let stream = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2); export JOURNAL_STREAM; exec \"$@\""
    return try Command.run(
      "nsenter",
      ["--mount=/proc/\(daemon.pid)/ns/mnt", "systemd-cat", "-t", "stream", "sh", "-c", stream, "sh", program]
        + arguments, environment: environment)
  }

  /// The entries that `match` finds (`FIELD=value`), each as journalctl's JSON, oldest first; waits until there are
  /// `count`, ten seconds at most.
  public func entries(_ match: String, count: Int) throws -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for _ in 0..<100 {
      let outcome = try Command.succeed(
        "journalctl", ["--directory=\(root)/run/log/journal", "--no-pager", "--all", "--output=json", match])
      lines = outcome.output.split(separator: UInt8(ascii: "\n")).map(Array.init)
      if lines.count >= count { break }
      usleep(100_000)
    }
    return lines
  }
}
