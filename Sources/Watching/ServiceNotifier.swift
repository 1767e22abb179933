internal import Glibc

/// Tells the service manager how this service is: sd_notify(3)'s protocol, one datagram a message to the socket that
/// `NOTIFY_SOCKET` names. Does nothing where nobody listens.
public struct ServiceNotifier: Sendable {
  /// A path, or a name in the abstract namespace after `@`.
  private let socketName: String?
  /// Seconds within which the manager expects a sign of life (`WATCHDOG_USEC`); nil where it expects none.
  public let watchdog: Double?

  /// - Parameter environment: the process's.
  public init(environment: [String: String]) {
    socketName = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap { Double($0) } ?? 0
    watchdog = isForUs && socketName != nil && microseconds > 0 ? microseconds / 1e6 : nil
  }

  /// - Parameter message: `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=…`; several, a line each.
  public func tell(_ message: String) {
    guard let socketName else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketName.utf8)
    if name.first == UInt8(ascii: "@") { name[0] = 0 }
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard name.count < room.count else { return false }
      room.copyBytes(from: name)
      return true
    }
    guard fits else { return }
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bytes = Array(message.utf8)
    // A manager that cannot be told is no reason to stop.
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(socket, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
