internal import Files
internal import HTTP
internal import Storage

/// An address that is told by POST. Redirects are not followed: they could lead what is told anywhere.
struct Address {
  /// The key of the configuration.
  let key: String
  let url: Secret
  let userAgent: String
  let log: (@Sendable (String) -> Void)?

  /// The ways to say how a run goes ("Signaling failures" and "Measuring script run time" of healthchecks.io's manual).
  enum Signal {
    case start, success
    /// With the exit code.
    case failure(Int32)

    var suffix: String {
      switch self {
      case .start: "/start"
      case .success: ""
      case .failure(let code): "/\(code)"
      }
    }
  }

  /// The address with `suffix` at the end of its path.
  func with(_ signal: Signal) -> Address {
    let text = url.exposed
    let path = text.prefix { $0 != "?" }
    let query = text[path.endIndex...]
    let bare = path.hasSuffix("/") && !signal.suffix.isEmpty ? path.dropLast() : path
    return Address(key: key, url: Secret(bare + signal.suffix + query), userAgent: userAgent, log: log)
  }

  /// What a log may show of it: scheme and host.
  private var place: String {
    let parts = url.exposed.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    return "\(parts[0])//\(parts.count > 2 ? String(parts[2].prefix { $0 != "?" }) : "")"
  }

  /// - Parameter timeout: seconds.
  func post(
    _ body: [UInt8], type: String, timeout: Double, isCancelled: @escaping @Sendable () -> Bool
  ) throws(AlertError) {
    var options = HTTPClient.Options()
    options.connectTimeout = max(1, Int(timeout.rounded(.up)))
    options.stallTimeout = options.connectTimeout
    options.totalTimeout = timeout
    options.userAgent = userAgent
    options.isCancelled = isCancelled
    log?("\(key): POST to \(place) (\(body.count) bytes)")
    let response: HTTPResponse
    do throws(HTTPError) {
      response = try HTTPClient(options).send(
        HTTPRequest("POST", url.exposed, headers: [HTTPHeader("Content-Type", type)], body: body))
    } catch {
      let reason = error.code == .timedOut ? "no answer in time" : error.reason
      // That it may have arrived is no reason to be silent: being told twice does no harm.
      throw AlertError(
        .address, key, "\(error.host): \(reason)", isTransient: error.isTransient || error.code == .broken)
    }
    log?("\(key): \(response.status) from \(place)")
    switch response.status {
    case 200..<300: return
    case 300..<400:
      throw AlertError(
        .address, key, "\(place) answered \(response.status), and redirects are not followed",
        hint: "configure the address that it leads to")
    case let status:
      throw AlertError(
        .address, key, "\(place) answered \(status)", isTransient: status >= 500 || [408, 425, 429].contains(status))
    }
  }
}
