/// What starts `redoubt backup --due` in time, for the sets of a configuration.
public struct Schedule: Sendable {
  /// Absolute paths.
  public var program: String
  public var configuration: String
  /// Who runs it.
  public var user: String
  let node: NodeConfiguration

  /// - Parameters:
  ///   - path: the configuration file.
  ///   - program: absolute path of `redoubt`.
  public init(of node: NodeConfiguration, path: String, program: String, user: String) {
    self.node = node
    self.program = program
    self.user = user
    configuration = path
  }

  /// Sets whose classes are backed up after each change.
  var changingSets: [SetConfiguration] {
    node.sets.filter { node.frequencies[$0.dataClass]?.frequency == .afterEachChange }
  }

  /// Hours between two runs: one where something is backed up after each change; else three, so that what was missed or
  /// failed is tried again well within the shortest grace of the table that the programs come with. A run that finds
  /// nothing due costs next to nothing.
  public var hours: Int { changingSets.isEmpty ? 3 : 1 }

  /// The minute of the hour, 4 to 56: a node's own, so that many nodes don't come to one server at once, and none at the
  /// full hour with everybody else.
  public var minute: Int {
    4 + Int(node.host.utf8.reduce(UInt32(7)) { ($0 &* 31 &+ UInt32($1)) & 0xFFFF } % 53)
  }

  // MARK: cron

  /// A file for `/etc/cron.d`: mail comes where a run did not end well, or where `status` says that something is overdue.
  public var crontab: String {
    let every = hours == 1 ? "*" : "*/\(hours)"
    let program = Self.shellWord(program)
    let configuration = Self.shellWord(configuration)
    return """
      # Backs up what is due, and tells once a day what is overdue: for /etc/cron.d/redoubt.
      # Whatever a command has to say is mailed where it did not end well; 75 means that another run is at work. cron goes by
      # local time, which does not matter: what is due is decided in UTC.
      SHELL=/bin/sh
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

      \(minute) \(every) * * * \(user) out=$(\(program) backup --due --config \(configuration) 2>&1) || test $? -eq 75 || echo "$out"
      \((minute + 30) % 60) 8 * * * \(user) out=$(\(program) status --config \(configuration) 2>&1) || echo "$out"

      """
  }

  /// As a word of a shell command in a crontab, where a percent sign would end the line (crontab(5)).
  static func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      byte >= 97 && byte <= 122 || byte >= 65 && byte <= 90 || byte >= 48 && byte <= 57 || "/._-+:@".utf8.contains(byte)
    }
    if isPlain { return text }
    return "'" + text.replacing("'", with: "'\\''").replacing("%", with: "\\%") + "'"
  }
}
