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
    let transfer = Transfer(body: request.body, maximumLength: request.maximumLength, isCancelled: options.isCancelled)
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    let result = withExtendedLifetime((list, transfer)) { () -> CURLcode in
      let prepared = configure(request, options, list, context)
      return prepared == CURLE_OK ? curl_easy_perform(curl) : prepared
    }
    if transfer.isTooLong {
      throw HTTPError(
        .tooLong, host: host, "the answer is longer than \(request.maximumLength) bytes", mayHaveArrived: true)
    }
    guard result == CURLE_OK else {
      var requestSize = 0
      redoubt_curl_get_long(curl, CURLINFO_REQUEST_SIZE, &requestSize)
      let sent = requestSize > 0 && transfer.isSent
      throw HTTPError(curl: result, detail: String(cString: errorBuffer), host: host, sent: sent)
    }
    var status = 0
    redoubt_curl_get_long(curl, CURLINFO_RESPONSE_CODE, &status)
    return HTTPResponse(status: status, headers: transfer.headers, body: transfer.received)
  }

  /// - Returns: the first error, `CURLE_OK` where there is none.
  private func configure(
    _ request: HTTPRequest, _ options: HTTPClient.Options, _ list: HeaderList, _ context: UnsafeMutableRawPointer
  ) -> CURLcode {
    var results: [CURLcode] = []
    func set(_ option: CURLoption, _ value: Int) { results.append(redoubt_curl_set_long(curl, option, value)) }
    func set(_ option: CURLoption, _ value: String) { results.append(redoubt_curl_set_string(curl, option, value)) }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
      results.append(redoubt_curl_set_pointer(curl, option, pointer))
    }
    set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
    set(CURLOPT_URL, request.url)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_USERAGENT, options.userAgent)
    set(CURLOPT_CONNECTTIMEOUT, options.connectTimeout)
    set(CURLOPT_LOW_SPEED_LIMIT, 1)
    set(CURLOPT_LOW_SPEED_TIME, options.stallTimeout)
    // The largest that libcurl allows: fewer calls for volumes of many MiB.
    set(CURLOPT_BUFFERSIZE, 512 << 10)
    set(CURLOPT_UPLOAD_BUFFERSIZE, 1 << 20)
    if let caFile = options.caFile { set(CURLOPT_CAINFO, caFile) }
    if !options.usesProxy { set(CURLOPT_NOPROXY, "*") }
    results.append(redoubt_curl_set_list(curl, CURLOPT_HTTPHEADER, list.first))
    setMethod(request, set, &results)
    setCallbacks(context, set, &results)
    return results.first { $0 != CURLE_OK } ?? CURLE_OK
  }

  private func setMethod(_ request: HTTPRequest, _ set: (CURLoption, Int) -> Void, _ results: inout [CURLcode]) {
    switch request.method {
    case "GET": set(CURLOPT_HTTPGET, 1)
    case "HEAD": set(CURLOPT_NOBODY, 1)
    default:
      if request.method == "PUT" || !request.body.isEmpty {
        set(CURLOPT_UPLOAD, 1)
        results.append(
          redoubt_curl_set_offset(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.count)))
      }
      results.append(redoubt_curl_set_string(curl, CURLOPT_CUSTOMREQUEST, request.method))
    }
  }

  private func setCallbacks(
    _ context: UnsafeMutableRawPointer, _ set: (CURLoption, Int) -> Void, _ results: inout [CURLcode]
  ) {
    for option in [CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] {
      results.append(redoubt_curl_set_pointer(curl, option, context))
    }
    results += [
      redoubt_curl_set_data_callback(curl, CURLOPT_READFUNCTION) { data, size, count, context in
        Transfer.from(context)?.read(into: data, size * count) ?? Int(CURL_READFUNC_ABORT)
      },
      redoubt_curl_set_seek_callback(curl) { context, offset, origin in
        Transfer.from(context)?.seek(to: Int(offset), origin: origin) ?? CURL_SEEKFUNC_FAIL
      },
      redoubt_curl_set_data_callback(curl, CURLOPT_WRITEFUNCTION) { data, size, count, context in
        Transfer.from(context)?.write(data, size * count) ?? 0
      },
      redoubt_curl_set_data_callback(curl, CURLOPT_HEADERFUNCTION) { data, size, count, context in
        Transfer.from(context)?.header(data, size * count) ?? 0
      },
      redoubt_curl_set_progress_callback(curl) { context, _, _, _, _ in
        Transfer.from(context)?.isCancelled() == true ? 1 : 0
      },
    ]
    set(CURLOPT_NOPROGRESS, 0)
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
