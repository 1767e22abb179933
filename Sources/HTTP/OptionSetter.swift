internal import CCurl

/// `curl_easy_setopt` for one argument type each; remembers the first failure.
struct OptionSetter {
  private let curl: UnsafeMutableRawPointer
  private(set) var result = CURLE_OK

  init(_ curl: UnsafeMutableRawPointer) { self.curl = curl }

  private mutating func note(_ next: CURLcode) { if result == CURLE_OK { result = next } }

  mutating func set(_ option: CURLoption, _ value: Int) { note(redoubt_curl_set_long(curl, option, value)) }

  mutating func set(_ option: CURLoption, _ value: String) { note(redoubt_curl_set_string(curl, option, value)) }

  mutating func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
    note(redoubt_curl_set_pointer(curl, option, pointer))
  }

  mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
    note(redoubt_curl_set_list(curl, option, list))
  }

  mutating func setMethod(_ request: HTTPRequest) {
    switch request.method {
    case "GET": set(CURLOPT_HTTPGET, 1)
    case "HEAD": set(CURLOPT_NOBODY, 1)
    default:
      if request.method == "PUT" || request.body.count > 0 {
        set(CURLOPT_UPLOAD, 1)
        note(redoubt_curl_set_offset(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.count)))
      }
      set(CURLOPT_CUSTOMREQUEST, request.method)
    }
  }

  /// Also of looking a host's name up, which libcurl would else wait for whatever the time.
  mutating func setTotalTimeout(_ seconds: Double) {
    set(CURLOPT_TIMEOUT_MS, Int(max(seconds, 0.001) * 1000))
    note(redoubt_curl_set_quick_exit(curl))
  }

  /// - Parameter context: an unretained `Transfer`, which outlives the request.
  mutating func setCallbacks(_ context: UnsafeMutableRawPointer) {
    for option in [CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] {
      set(option, pointer: context)
    }
    note(
      redoubt_curl_set_data_callback(curl, CURLOPT_READFUNCTION) { data, size, count, context in
        Transfer.from(context)?.read(into: data, size * count) ?? Int(CURL_READFUNC_ABORT)
      })
    note(
      redoubt_curl_set_seek_callback(curl) { context, offset, origin in
        Transfer.from(context)?.seek(to: Int(offset), origin: origin) ?? CURL_SEEKFUNC_FAIL
      })
    note(
      redoubt_curl_set_data_callback(curl, CURLOPT_WRITEFUNCTION) { data, size, count, context in
        Transfer.from(context)?.write(data, size * count) ?? 0
      })
    note(
      redoubt_curl_set_data_callback(curl, CURLOPT_HEADERFUNCTION) { data, size, count, context in
        Transfer.from(context)?.header(data, size * count) ?? 0
      })
    note(
      redoubt_curl_set_progress_callback(curl) { context, _, _, _, _ in
        Transfer.from(context)?.isCancelled() == true ? 1 : 0
      })
    set(CURLOPT_NOPROGRESS, 0)
  }
}
