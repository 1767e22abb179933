internal import CCurl
internal import Glibc

/// What the callbacks of one request work on. Used by the thread that runs `curl_easy_perform`, and by it alone.
final class Transfer {
  private let body: [UInt8]
  private var sent = 0
  private let maximumLength: Int
  let isCancelled: @Sendable () -> Bool
  private(set) var headers: [HTTPHeader] = []
  private(set) var received: [UInt8] = []
  private(set) var isTooLong = false

  init(body: [UInt8], maximumLength: Int, isCancelled: @escaping @Sendable () -> Bool) {
    self.body = body
    self.maximumLength = maximumLength
    self.isCancelled = isCancelled
  }

  /// Whether libcurl began anew after it had taken the whole body.
  private(set) var wasResent = false

  static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// `CURLOPT_READFUNCTION`: the next bytes of the request's body.
  func read(into data: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
    let count = min(room, body.count - sent)
    guard let data, count > 0 else { return 0 }
    body.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      memcpy(data, base + sent, count)
    }
    sent += count
    return count
  }

  /// `CURLOPT_SEEKFUNCTION`: back to where a new connection has to begin.
  func seek(to offset: Int, origin: Int32) -> Int32 {
    guard origin == 0, (0...body.count).contains(offset) else { return CURL_SEEKFUNC_FAIL }
    if sent == body.count, offset < sent { wasResent = true }
    sent = offset
    return CURL_SEEKFUNC_OK
  }

  /// `CURLOPT_WRITEFUNCTION`: the next bytes of the answer's body; anything but their number ends the transfer.
  func write(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard received.count + count <= maximumLength else {
      isTooLong = true
      return 0
    }
    if received.isEmpty { reserve() }
    received.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count))
    return count
  }

  /// `CURLOPT_HEADERFUNCTION`: one line of the answer's head. A status line begins anew, as after "100 Continue".
  func header(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    let line = String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      headers = []
    } else if let colon = line.firstIndex(of: ":") {
      headers.append(HTTPHeader(String(line[..<colon]), Self.trimmed(line[line.index(after: colon)...])))
    }
    return count
  }

  /// Room for the announced length, within the limit, so that the body does not move while it grows.
  private func reserve() {
    let announced = headers.last { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
    if let announced, announced > 0 { received.reserveCapacity(min(announced, maximumLength)) }
  }

  private static func trimmed(_ text: Substring) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
    let rest = text.drop(while: isSpace)
    guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(rest[...last])
  }
}
