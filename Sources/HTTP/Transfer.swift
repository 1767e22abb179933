internal import CCurl
internal import Files
internal import Glibc

/// What the callbacks of one request work on. Used by the thread that runs `curl_easy_perform`, and by it alone.
final class Transfer {
  private let body: Bytes
  private var sent = 0
  private let maximumLength: Int
  let isCancelled: @Sendable () -> Bool
  private(set) var headers: [HTTPHeader] = []
  private(set) var received: [UInt8] = []
  private(set) var isTooLong = false
  /// Why there is no memory for the answer.
  private(set) var failure: FileError?
  private let sink: MemoryFile?
  private var isSuccess = false

  init(_ request: HTTPRequest, isCancelled: @escaping @Sendable () -> Bool) {
    body = request.body
    sink = request.sink
    maximumLength = request.maximumLength
    self.isCancelled = isCancelled
    sink?.removeAll()
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
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    let target = isSuccess ? sink : nil
    let before = target?.count ?? received.count
    guard before + count <= maximumLength else {
      isTooLong = true
      return 0
    }
    do throws(FileError) {
      // Room for the announced length, within the limit, so that the body does not move while it grows.
      if let target {
        if before == 0 { try target.reserve(announcedLength) }
        try target.append(bytes)
      } else {
        if before == 0 { received.reserveCapacity(announcedLength) }
        received.append(contentsOf: bytes)
      }
    } catch {
      failure = error
      return 0
    }
    return count
  }

  /// `CURLOPT_HEADERFUNCTION`: one line of the answer's head. A status line begins anew, as after "100 Continue".
  func header(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    let line = String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      headers = []
      isSuccess = line.split(separator: " ").dropFirst().first?.first == "2"
    } else if let colon = line.firstIndex(of: ":") {
      headers.append(HTTPHeader(String(line[..<colon]), Self.trimmed(line[line.index(after: colon)...])))
    }
    return count
  }

  /// At most `maximumLength`; 0 where nothing was announced.
  private var announcedLength: Int {
    let announced = headers.last { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
    return max(0, min(announced ?? 0, maximumLength))
  }

  private static func trimmed(_ text: Substring) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
    let rest = text.drop(while: isSpace)
    guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(rest[...last])
  }
}
