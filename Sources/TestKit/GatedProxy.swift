internal import Channels
internal import Glibc
internal import SystemPackage

/// A TCP relay on a loopback port before a real server, for networks that fail in the middle: it can hold back what a
/// client sends after so many bytes, cut every connection and refuse new ones.
public final class GatedProxy: Sendable {
  private let listener: Int32
  private let target: UInt16
  public let port: UInt16
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var allowance: Int
  private nonisolated(unsafe) var limit: (text: [UInt8], left: Int)?
  private nonisolated(unsafe) var passed = 0
  private nonisolated(unsafe) var isHolding = false
  private nonisolated(unsafe) var refuses = false
  private nonisolated(unsafe) var isStopped = false
  private nonisolated(unsafe) var sockets: Set<Int32> = []

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameters:
  ///   - endpoint: `http://127.0.0.1:PORT` of the server behind.
  ///   - limit: how many bytes from clients go through before the gate closes; all where nil.
  public init(to endpoint: String, holdingAfter limit: Int? = nil) throws {
    guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Failure(description: "no port in \(endpoint)")
    }
    target = port
    allowance = limit ?? .max
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = Self.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    self.port = UInt16(bigEndian: address.sin_port)
    guard bound else {
      let errno = Errno(rawValue: Glibc.errno)
      close(listener)
      throw errno
    }
    _ = DedicatedThread { [self] in accept() }
  }

  public var url: String { "http://127.0.0.1:\(port)" }

  /// Waits until the gate has closed on something that a client sent.
  /// - Returns: false where that did not happen in 30 seconds.
  public func waitUntilHeld() -> Bool {
    for _ in 0..<3000 {
      if monitor.locked({ isHolding }) { return true }
      usleep(10_000)
    }
    return false
  }

  /// Closes the gate on the `nth` piece that holds `text`, the beginning of a request for instance, before it goes through.
  public func hold(at text: String, nth: Int = 1) {
    monitor.locked {
      limit = (Array(text.utf8), nth)
      isHolding = false
    }
  }

  /// Bytes from clients that went through so far.
  public var passedBytes: Int { monitor.locked { passed } }

  /// Opens the gate for good.
  public func release() {
    monitor.locked {
      (allowance, limit) = (.max, nil)
      monitor.wakeAll()
    }
  }

  /// Ends every connection. New ones end at once too until `restore()` where `refusing`.
  public func cut(refusing: Bool = false) {
    monitor.locked {
      refuses = refusing
      (allowance, limit) = (.max, nil)
      for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
      monitor.wakeAll()
    }
  }

  public func restore() { monitor.locked { refuses = false } }

  /// To be called once, when the test is over.
  public func stop() {
    monitor.locked { isStopped = true }
    cut(refusing: true)
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      if client < 0 { break }
      _ = DedicatedThread { [self] in relay(client) }
    }
    close(listener)
  }

  private func relay(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer {
      close(server)
      close(client)
    }
    var address = Self.loopback(target)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    let isWelcome = monitor.locked {
      if refuses || isStopped { return false }
      sockets.formUnion([client, server])
      return true
    }
    guard connected, isWelcome else { return }
    let back = DedicatedThread { [self] in pump(from: server, to: client, isGated: false) }
    pump(from: client, to: server, isGated: true)
    back.join()
    monitor.locked { sockets.subtract([client, server]) }
  }

  private func pump(from source: Int32, to sink: Int32, isGated: Bool) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      if count <= 0 { break }
      if isGated { pass(buffer[..<count]) }
      var sent = 0
      while sent < count {
        let result = buffer.withUnsafeBytes { bytes in
          send(sink, bytes.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
        }
        if result <= 0 { break }
        sent += result
      }
      if sent < count { break }
    }
    shutdown(sink, Int32(SHUT_WR))
    shutdown(source, Int32(SHUT_RD))
  }

  /// Waits until these bytes may go through.
  private func pass(_ bytes: ArraySlice<UInt8>) {
    monitor.locked {
      if let left = limit?.left, let text = limit?.text, bytes.prefix(512).contains(text) {
        if left == 1 { allowance = 0 }
        limit?.left = left - 1
      }
      if allowance != .max { allowance -= bytes.count }
      while allowance < 0 {
        isHolding = true
        monitor.wait()
      }
      passed += bytes.count
    }
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    return address
  }
}
