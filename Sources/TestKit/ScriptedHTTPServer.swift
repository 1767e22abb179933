internal import Channels
internal import Glibc
internal import SystemPackage

/// An HTTP peer on a loopback port that answers each request as its script says, and remembers what it was asked.
public final class ScriptedHTTPServer: Sendable {
  public struct Request: Sendable {
    public var method: String
    /// Path and query as they were sent.
    public var target: String
    /// In the order of arrival.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    /// The first header of that name, whatever its case.
    public subscript(header: String) -> String? {
      headers.first { $0.name.lowercased() == header.lowercased() }?.value
    }
  }

  public enum Step: Sendable {
    /// A whole answer; Content-Length is added.
    case reply(Int, headers: [String: String] = [:], body: String = "")
    /// Announces more than it sends, then closes.
    case partial(announced: Int, body: String)
    /// These very bytes, then closes.
    case raw(String)
    /// Reads the whole request, then resets the connection.
    case abort
    /// Resets the connection once so many bytes of the body were read.
    case abortBody(after: Int)
    /// Reads the request and never answers; the connection stays open until the server stops.
    case stall
  }

  private let listener: Int32
  public let port: UInt16
  private let handler: @Sendable (Request) -> Step
  private let early: Int?
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var seen: [Request] = []
  private nonisolated(unsafe) var connections: Set<Int32> = []
  private nonisolated(unsafe) var accepted = 0
  private nonisolated(unsafe) var isStopped = false

  /// The steps in the order of requests; whatever comes after the last one is answered with 599.
  public convenience init(_ steps: [Step]) throws {
    let remaining = Remaining(steps)
    var early: Int?
    if case .abortBody(let count) = steps.first { early = count }
    try self.init(abortingFirstBodyAfter: early) { _ in remaining.next() }
  }

  /// Answers as `handler` says, which any number of connections' threads may call.
  public convenience init(handler: @escaping @Sendable (Request) -> Step) throws {
    try self.init(abortingFirstBodyAfter: nil, handler: handler)
  }

  private init(abortingFirstBodyAfter early: Int?, handler: @escaping @Sendable (Request) -> Step) throws {
    self.handler = handler
    self.early = early
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard bound else {
      let errno = Errno(rawValue: Glibc.errno)
      close(listener)
      throw errno
    }
    _ = DedicatedThread { [self] in accept() }
  }

  public var url: String { "http://127.0.0.1:\(port)" }

  /// The whole requests so far.
  public var requests: [Request] { monitor.locked { seen } }

  /// How many connections were made so far.
  public var connectionCount: Int { monitor.locked { accepted } }

  /// Ends every connection. To be called once, when the test is over.
  public func stop() {
    monitor.locked {
      isStopped = true
      for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      if connection < 0 { break }
      let isWelcome = monitor.locked {
        if !isStopped { connections.insert(connection) }
        accepted += 1
        return !isStopped
      }
      guard isWelcome else {
        close(connection)
        break
      }
      _ = DedicatedThread { [self] in
        ScriptedConnection(connection).serve(self)
        monitor.locked { _ = connections.remove(connection) }
        close(connection)
      }
    }
    close(listener)
  }

  /// Bytes of the next request's body after which the connection is to be reset.
  var abortAfter: Int? { monitor.locked { seen.isEmpty ? early : nil } }

  func answer(_ request: Request) -> Step {
    monitor.locked { seen.append(request) }
    return handler(request)
  }
}

/// The steps that are left.
private final class Remaining: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var steps: [ScriptedHTTPServer.Step]

  init(_ steps: [ScriptedHTTPServer.Step]) { self.steps = steps }

  func next() -> ScriptedHTTPServer.Step {
    monitor.locked { steps.isEmpty ? .reply(599, body: "the script has ended") : steps.removeFirst() }
  }
}
