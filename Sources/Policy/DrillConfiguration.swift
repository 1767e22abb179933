/// What a drill does with a restored tree beside comparing it: a program of the operator's that must succeed there.
public struct CheckConfiguration: Sendable, Equatable {
  public var name: String
  /// Only for this host; nil for every host that has such a set.
  public var host: String?
  public var set: String
  /// The program and its arguments, run in the restored tree, where the set's paths are relative.
  public var command: [String]
  /// A line that standard output must have; nil where the exit code alone tells.
  public var expect: String?
  /// Seconds.
  public var timeout: Int64 = 600
  /// Bytes of address space for each process.
  public var memory = 4 << 30

  public init(name: String, host: String? = nil, set: String, command: [String]) {
    self.name = name
    self.host = host
    self.set = set
    self.command = command
  }
}

/// `[drill]`: how restored trees are checked.
public struct DrillConfiguration: Sendable, Equatable {
  public enum Isolation: String, Sendable, CaseIterable {
    /// Without network and in process and IPC namespaces of its own (unshare(1)).
    case namespace
    /// On machines that allow no namespaces: with limits alone.
    case limits
  }
  /// Where trees are restored to; nil for the default.
  public var scratch: String?
  /// Who runs the checks where the keeper is root.
  public var user = "nobody"
  public var isolation = Isolation.namespace

  public init() {}
}

/// `[drill]` of the keeper.
enum DrillKey: String, ConfigurationKey { case scratch, user, isolation }

/// `[[check]]` of the keeper.
enum CheckKey: String, ConfigurationKey { case name, host, set, command, expect, timeout, memory }

extension ConfigurationReader {
  func drill(_ top: TableReader<KeeperKey>) -> DrillConfiguration {
    var drill = DrillConfiguration()
    guard let table = top.table(.drill) else { return drill }
    let reader = TableReader<DrillKey>(table, path: ["drill"], label: "drill", problems: problems)
    drill.scratch = absolutePath(reader, .scratch)
    if let user = reader.string(.user) { drill.user = user }
    if let isolation = reader.choice(.isolation, DrillConfiguration.Isolation.self) { drill.isolation = isolation }
    return drill
  }

  func checks(_ top: TableReader<KeeperKey>, hosts: [String]) -> [CheckConfiguration] {
    guard top.has(.check) else { return [] }
    let readers = readers(top, .check, named: CheckKey.name, ifMissing: "there is no [[check]]")
    var checks: [CheckConfiguration] = []
    for (reader, name) in zip(readers, names(readers, .name)) {
      reader.require(.set, hint: "the name of the set whose restored tree is checked")
      reader.require(.command, hint: "command = [\"sqlite3\", \"srv/app.db\", \"pragma integrity_check\"]")
      guard let name, let set = reader.string(.set),
        let command = reader.strings(.command, ifEmpty: ("has no program in it", nil))
      else { continue }
      var check = CheckConfiguration(name: name, host: reader.string(.host), set: set, command: command)
      if let host = check.host, !hosts.contains(host) {
        reader.report(.host, "there is no [[node]] with host = \"\(host)\"")
      }
      check.expect = reader.string(.expect)
      if let text = reader.string(.timeout) {
        if let seconds = Quantity.seconds(text), seconds > 0 {
          check.timeout = seconds
        } else {
          reader.report(.timeout, "'\(text)' is no time", hint: "write a number and s, m, h, d or w: \"10m\"")
        }
      }
      if let text = reader.string(.memory) {
        if let bytes = Quantity.bytes(text), bytes >= 1 << 20 {
          check.memory = bytes
        } else {
          reader.report(.memory, "'\(text)' is no size of 1 MiB or more", hint: "write a number and a unit: \"4 GiB\"")
        }
      }
      checks.append(check)
    }
    return checks
  }
}
