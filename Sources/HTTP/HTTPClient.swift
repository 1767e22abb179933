internal import Synchronization

/// Sends requests with libcurl and keeps its connections for the next ones.
///
/// Any number of threads may use one client: each request in flight has an easy handle of its own, taken from a pool.
/// Calls block, so they belong on dedicated threads. A proxy is taken from the environment (`https_proxy`, `no_proxy`), as
/// curl does. TLS 1.2 is the least that is spoken.
public final class HTTPClient: Sendable {
  public struct Options: Sendable {
    /// Seconds until a connection must stand, its TLS handshake included.
    public var connectTimeout = 15
    /// Seconds in which less than `stallRate` moves, after which a transfer has stalled.
    public var stallTimeout = 60
    /// Bytes a second. One byte now and then is no answer: a volume would take a year.
    public static let stallRate = 256
    /// Seconds that a request may take in all, however it moves; nil for as long as it moves.
    public var totalTimeout: Double?
    /// A PEM file with certificate authorities, in place of the system's.
    public var caFile: String?
    /// False for addresses that must be reached directly, such as a machine's metadata service.
    public var usesProxy = true
    public var userAgent = "redoubt/0.1.0"
    /// Asked about once a second during a transfer; true ends it with `.cancelled`.
    public var isCancelled: @Sendable () -> Bool = { false }
    public var log: HTTPLog?

    public init() {}
  }

  private let options: Options
  /// Handles that no request uses; the one used last is taken first, because its connection is the freshest.
  private let idle = Mutex<[EasyHandle]>([])

  public init(_ options: Options = Options()) { self.options = options }

  /// Sends `request` and waits for the whole answer, whatever its status.
  public func send(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
    let host = Self.host(of: request.url)
    if let bad = request.headers.first(where: { !Self.isValid($0) }) {
      throw HTTPError(.invalidRequest, host: host, "the header \(bad.name.debugDescription) is malformed")
    }
    guard let handle = idle.withLock({ $0.popLast() }) ?? EasyHandle() else {
      throw HTTPError(.invalidRequest, host: host, "libcurl has no memory for another connection")
    }
    defer { idle.withLock { $0.append(handle) } }
    log(request)
    do throws(HTTPError) {
      let response = try handle.perform(request, options: options, host: host)
      log(response, host)
      return response
    } catch {
      options.log?("http failed \(error)")
      throw error
    }
  }

  private func log(_ request: HTTPRequest) {
    guard let log = options.log else { return }
    log("http > \(request.method) \(Redaction.url(request.url)) (\(request.body.count) bytes)")
    for header in request.headers { log("http > \(Redaction.line(header))") }
  }

  private func log(_ response: HTTPResponse, _ host: String) {
    guard let log = options.log else { return }
    log("http < \(response.status) from \(host) (\(response.body.count) bytes)")
    for header in response.headers { log("http < \(Redaction.line(header))") }
  }

  private static func isValid(_ header: HTTPHeader) -> Bool {
    let token = header.name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
    // A line break would begin another header; other control characters have no business here (RFC 9110, section 5.5).
    return token && !header.name.isEmpty && header.value.utf8.allSatisfy { $0 >= 32 && $0 != 127 || $0 == 9 }
  }

  /// Host and port as the URL names them, for messages.
  static func host(of url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
    return String(authority.split(separator: "@").last ?? authority)
  }
}
