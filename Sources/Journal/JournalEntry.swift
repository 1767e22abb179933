/// What a message is about; becomes fields of a journal's entry.
public struct JournalField: Sendable, Equatable {
  /// Capitals, digits and underscores, a letter first (systemd.journal-fields(7)).
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// How much a message matters, by syslog's numbers (syslog(3)).
public enum JournalPriority: Int, Sendable { case error = 3, warning = 4, notice = 5, information = 6, debug = 7 }

/// One entry of the journal.
public struct JournalEntry: Sendable, Equatable {
  public var priority: JournalPriority
  public var message: String
  public var fields: [JournalField]

  public init(_ priority: JournalPriority, _ message: String, _ fields: [JournalField] = []) {
    self.priority = priority
    self.message = message
    self.fields = fields
  }

  /// As journald's native protocol has it (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): `NAME=value` on a line; a value
  /// with line breaks as `NAME`, a line break, its length in bytes as a little-endian 64-bit number, the value and a line
  /// break.
  /// - Parameter identifier: the program's name.
  func serialized(identifier: String) -> [UInt8] {
    var bytes: [UInt8] = []
    let fixed = [
      JournalField("PRIORITY", "\(priority.rawValue)"), JournalField("SYSLOG_IDENTIFIER", identifier),
      JournalField("MESSAGE", message),
    ]
    for field in fixed + fields {
      let value = Array(field.value.utf8)
      bytes += Array(field.name.utf8)
      if value.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
      } else {
        bytes.append(UInt8(ascii: "="))
      }
      bytes += value + [UInt8(ascii: "\n")]
    }
    return bytes
  }
}
