internal import CCurl

/// One `CURL *` with its connection cache. Used by one thread at a time: whoever took it from the client's pool.
final class EasyHandle: @unchecked Sendable {
  private let curl: UnsafeMutableRawPointer
  private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  /// `curl_global_init`, once a process, before the first handle.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// - Returns: nil where libcurl has no memory left.
  init?() {
    guard Self.isReady, let curl = curl_easy_init() else { return nil }
    self.curl = curl
  }

  deinit {
    curl_easy_cleanup(curl)
    errorBuffer.deallocate()
  }

  func perform(_ request: HTTPRequest, options: HTTPClient.Options, host: String) throws(HTTPError) -> HTTPResponse {
    // Keeps connections, the DNS cache and TLS sessions.
    curl_easy_reset(curl)
    errorBuffer[0] = 0
    let list = HeaderList(request.headers)
    let transfer = Transfer(request, isCancelled: options.isCancelled)
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    let result = withExtendedLifetime((list, transfer)) { () -> CURLcode in
      let prepared = configure(request, options, list, context)
      return prepared == CURLE_OK ? curl_easy_perform(curl) : prepared
    }
    if transfer.isTooLong {
      throw HTTPError(
        .tooLong, host: host, "the answer is longer than \(request.maximumLength) bytes", mayHaveArrived: true)
    }
    if let failure = transfer.failure { throw HTTPError(.invalidRequest, host: host, "\(failure)") }
    guard result == CURLE_OK else {
      var headSize = 0
      var bodySize: curl_off_t = 0
      redoubt_curl_get_long(curl, CURLINFO_REQUEST_SIZE, &headSize)
      redoubt_curl_get_offset(curl, CURLINFO_SIZE_UPLOAD_T, &bodySize)
      let sent = headSize > 0 && Int(bodySize) >= request.body.count || transfer.wasResent
      throw HTTPError(curl: result, detail: String(cString: errorBuffer), host: host, sent: sent)
    }
    var status = 0
    redoubt_curl_get_long(curl, CURLINFO_RESPONSE_CODE, &status)
    var response = HTTPResponse(status: status, headers: transfer.headers, body: transfer.received)
    response.wasResent = transfer.wasResent
    return response
  }

  /// - Returns: the first error, `CURLE_OK` where there is none.
  private func configure(
    _ request: HTTPRequest, _ options: HTTPClient.Options, _ list: HeaderList, _ context: UnsafeMutableRawPointer
  ) -> CURLcode {
    var setter = OptionSetter(curl)
    setter.set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
    setter.set(CURLOPT_URL, request.url)
    setter.set(CURLOPT_PROTOCOLS_STR, "http,https")
    setter.set(CURLOPT_NOSIGNAL, 1)
    setter.set(CURLOPT_PATH_AS_IS, 1)
    setter.set(CURLOPT_FOLLOWLOCATION, 0)
    setter.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    setter.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    setter.set(CURLOPT_USERAGENT, options.userAgent)
    setter.set(CURLOPT_CONNECTTIMEOUT, options.connectTimeout)
    setter.set(CURLOPT_LOW_SPEED_LIMIT, HTTPClient.Options.stallRate)
    setter.set(CURLOPT_LOW_SPEED_TIME, options.stallTimeout)
    if let seconds = options.totalTimeout { setter.setTotalTimeout(seconds) }
    // Fewer calls for volumes of many MiB.
    setter.set(CURLOPT_BUFFERSIZE, 512 << 10)
    setter.set(CURLOPT_UPLOAD_BUFFERSIZE, 1 << 20)
    if let caFile = options.caFile { setter.set(CURLOPT_CAINFO, caFile) }
    if !options.usesProxy { setter.set(CURLOPT_NOPROXY, "*") }
    setter.set(CURLOPT_HTTPHEADER, list: list.first)
    setter.setMethod(request)
    setter.setCallbacks(context)
    return setter.result
  }
}

/// A `curl_slist` of header lines. `Expect:` without a value keeps curl from waiting for "100 Continue".
private final class HeaderList {
  private(set) var first: UnsafeMutablePointer<curl_slist>?

  init(_ headers: [HTTPHeader]) {
    first = curl_slist_append(first, "Expect:")
    for header in headers {
      // A line that ends with a semicolon is libcurl's spelling of an empty value.
      let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
      first = curl_slist_append(first, line)
    }
  }

  deinit { curl_slist_free_all(first) }
}
