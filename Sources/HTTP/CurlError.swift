internal import CCurl

extension HTTPError {
  /// What a `CURLcode` other than `CURLE_OK` means (libcurl-errors(3)); `detail` is from `CURLOPT_ERRORBUFFER`, `sent` says
  /// whether the whole request went out.
  init(curl result: CURLcode, detail: String, host: String, sent: Bool) {
    let text = detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
    let reason = text.prefix(1).lowercased() + text.dropFirst()
    switch result {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
      self.init(.unreachable, host: host, reason, isTransient: true)
    case CURLE_OPERATION_TIMEDOUT:
      self.init(.timedOut, host: host, reason, isTransient: true, mayHaveArrived: sent)
    case CURLE_PARTIAL_FILE:
      self.init(.shortBody, host: host, reason, isTransient: true, mayHaveArrived: sent)
    case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_WEIRD_SERVER_REPLY,
      CURLE_UNSUPPORTED_PROTOCOL where detail.contains("HTTP/0.9"), CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_AGAIN:
      self.init(.broken, host: host, reason, isTransient: true, mayHaveArrived: sent)
    case CURLE_SSL_CONNECT_ERROR:
      // Also what a connection that breaks in the middle of the handshake ends with.
      self.init(.tls, host: host, reason, isTransient: true)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
      self.init(.tls, host: host, reason)
    case CURLE_SSL_CACERT_BADFILE:
      self.init(.invalidRequest, host: host, "the CA file cannot be used: \(reason)")
    case CURLE_ABORTED_BY_CALLBACK:
      self.init(.cancelled, host: host, "stopped", mayHaveArrived: sent)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT:
      self.init(.invalidRequest, host: host, reason)
    default:
      self.init(.broken, host: host, reason, mayHaveArrived: sent)
    }
  }
}
