internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// systemd's journal, reached by its own protocol, so that messages keep their fields. Any thread may use it.
public final class Journal: Sendable {
  public static let defaultSocket = "/run/systemd/journal/socket"

  private let socket: Int32
  private let path: String
  private let identifier: String

  /// - Parameters:
  ///   - identifier: the program's name.
  ///   - path: the socket that journald listens on.
  /// - Returns: nil where there is no socket to be had.
  public init?(identifier: String, path: String = Journal.defaultSocket) {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    self.path = path
    self.identifier = identifier
  }

  deinit { close(socket) }

  /// Whether what is written to `descriptor` goes to the journal: systemd says in `JOURNAL_STREAM` which file its
  /// descriptors have (systemd.exec(5)), and programs in between may have put another one in their place.
  /// - Parameter stream: the variable's value.
  public static func isJournal(_ descriptor: Int32, stream: String?) -> Bool {
    guard let stream else { return false }
    let numbers = stream.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
    var status = stat()
    guard numbers.count == 2, let device = numbers[0], let inode = numbers[1], fstat(descriptor, &status) == 0 else {
      return false
    }
    return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }

  /// - Returns: whether the journal took it.
  public func send(_ entry: JournalEntry) -> Bool {
    let bytes = entry.serialized(identifier: identifier)
    let sent = retryingInterrupts { redoubt_send_datagram(socket, path, bytes, bytes.count, -1) }
    if sent >= 0 { return true }
    guard [.messageTooLong, .noBufferSpace].contains(Errno.current) else { return false }
    return sendAsFile(bytes)
  }

  /// An entry that is longer than a datagram can be goes in a sealed memory file.
  private func sendAsFile(_ bytes: [UInt8]) -> Bool {
    let file = redoubt_sealable_memfd("redoubt-journal-entry")
    guard file >= 0 else { return false }
    defer { close(file) }
    do throws(FileError) { try FileContent.writeAll(bytes, to: file, path: "memory") } catch { return false }
    guard redoubt_seal(file) == 0 else { return false }
    return retryingInterrupts { redoubt_send_datagram(socket, path, nil, 0, file) } >= 0
  }
}
