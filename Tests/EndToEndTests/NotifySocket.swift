internal import Glibc

/// A service manager's end of sd_notify(3): a datagram socket in a folder.
final class NotifySocket {
  struct Unbound: Error {
    let path: String
    let errno: Int32
  }

  let path: String
  private let socket: Int32
  private(set) var messages: [String] = []

  init(_ path: String) throws {
    self.path = path
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw Unbound(path: path, errno: errno) }
  }

  deinit { close(socket) }

  /// Waits for a message with this line.
  func waits(for line: String, seconds: Double = 20) -> Bool {
    while true {
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(seconds * 1000)) > 0 else { return false }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return false }
      messages.append(String(decoding: buffer[..<count], as: UTF8.self))
      if messages.last?.split(separator: "\n").contains(Substring(line)) == true { return true }
    }
  }
}
