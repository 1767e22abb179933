public import Files

/// A header field; names compare without regard to case (RFC 9110, section 5.1).
public struct HTTPHeader: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One request. Redirects are never followed: their answer is handed to the caller.
public struct HTTPRequest: Sendable {
  public var method: String
  /// `http` or `https`, already percent-encoded; its path is sent as it is, dots and double slashes included.
  public var url: String
  public var headers: [HTTPHeader]
  /// Sent without being copied, and rewound where the connection has to be made anew.
  public var body: Bytes
  /// The longest answer that is accepted, in bytes; a longer one fails with `.tooLong` before it fills the memory.
  public var maximumLength: Int
  /// Gets the body of an answer whose status is in 200...299, in the place of `HTTPResponse.body`. Belongs to the request
  /// while it runs; holds nothing of use where that fails.
  public var sink: MemoryFile?

  public init(
    _ method: String, _ url: String, headers: [HTTPHeader] = [], body: Bytes, maximumLength: Int = 1 << 20
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.maximumLength = maximumLength
  }

  public init(
    _ method: String, _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [], maximumLength: Int = 1 << 20
  ) {
    self.init(method, url, headers: headers, body: Bytes(body), maximumLength: maximumLength)
  }
}

/// A whole answer: of every status, also of those that report an error.
public struct HTTPResponse: Sendable {
  public var status: Int
  /// In the order of arrival.
  public var headers: [HTTPHeader]
  public var body: [UInt8]
  /// Whether the body had gone out whole once before on a connection that then broke without an answer. libcurl tries
  /// again by itself where that connection had been used before, and the server may have received both.
  public var wasResent = false

  public init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The value of the first header of that name, whatever its case.
  public subscript(header: String) -> String? {
    let wanted = header.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  /// Whether the end of the body was marked, by its length or by the last chunk. Where it was not, a body that was cut
  /// short looks like a whole one (RFC 9112, section 6.3).
  public var hasKnownLength: Bool { self["Content-Length"] != nil || self["Transfer-Encoding"] != nil }
}
