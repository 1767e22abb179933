internal import Glibc

/// One connection of a scripted server, served by a thread of its own.
struct ScriptedConnection {
  private let connection: Int32

  init(_ connection: Int32) { self.connection = connection }

  func serve(_ server: ScriptedHTTPServer) {
    while let head = readHead() {
      var request = head.request
      let length = request["Content-Length"].flatMap { Int($0) } ?? 0
      if let limit = server.abortAfter, limit < length {
        guard readBody(head.rest, limit) != nil else { return }
        _ = server.answer(request)
        return reset()
      }
      guard let body = readBody(head.rest, length) else { return }
      request.body = body
      guard perform(server.answer(request), isHead: request.method == "HEAD") else { return }
    }
  }

  /// - Returns: whether the connection goes on.
  private func perform(_ step: ScriptedHTTPServer.Step, isHead: Bool) -> Bool {
    switch step {
    case .reply(let status, let headers, let body):
      var text = "HTTP/1.1 \(status) Scripted\r\n"
      for (name, value) in headers { text += "\(name): \(value)\r\n" }
      if headers["Content-Length"] == nil { text += "Content-Length: \(body.utf8.count)\r\n" }
      return send(text + "\r\n" + (isHead ? "" : body))
    case .partial(let announced, let body):
      _ = send("HTTP/1.1 200 OK\r\nContent-Length: \(announced)\r\nETag: \"x\"\r\n\r\n\(body)")
      return false
    case .raw(let text):
      _ = send(text)
      return false
    case .abort, .abortBody:
      reset()
      return false
    case .stall:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return false
    }
  }

  private func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(connection, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Closing with a linger time of zero sends RST.
  private func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  private func readHead() -> (request: ScriptedHTTPServer.Request, rest: [UInt8])? {
    var bytes: [UInt8] = []
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let found = bytes.firstRange(of: end) {
        let lines = String(decoding: bytes[..<found.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first.map { $0.split(separator: " ") } ?? []
        guard words.count == 3 else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
          guard let colon = line.firstIndex(of: ":") else { return nil }
          return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let request = ScriptedHTTPServer.Request(
          method: String(words[0]), target: String(words[1]), headers: headers, body: [])
        return (request, Array(bytes[found.upperBound...]))
      }
      guard let more = receive(65536) else { return nil }
      bytes += more
    }
  }

  /// - Returns: nil where the client went away first.
  private func readBody(_ start: [UInt8], _ length: Int) -> [UInt8]? {
    var body = start
    while body.count < length {
      guard let more = receive(min(65536, length - body.count)) else { return nil }
      body += more
    }
    return body
  }

  private func receive(_ most: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      count = max(0, recv(connection, buffer.baseAddress, most, 0))
    }
    return bytes.isEmpty ? nil : bytes
  }
}
