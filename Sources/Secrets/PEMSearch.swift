internal import Glibc

/// Finds private keys in PEM (RFC 7468, and OpenSSL's older kinds) and OpenSSH's format, unless a passphrase protects them.
///
/// Encrypted are `ENCRYPTED PRIVATE KEY`, those with `Proc-Type: 4,ENCRYPTED` (RFC 1421) and OpenSSH's with a cipher. A
/// heading without a key below it, as programs and manuals have them, is none.
struct PEMSearch {
  /// - Returns: where the first key begins whose heading begins at an anchor.
  func search(_ window: ScanWindow) -> Int? {
    guard let base = window.bytes.baseAddress else { return nil }
    // "BEGIN " and its dashes are before it.
    var position = window.anchors.lowerBound
    // The rarest letter of PRIVATE, four into it.
    let end = min(window.anchors.upperBound + 64, window.bytes.count)
    while position < end, let hit = memchr(base + position, Int32(UInt8(ascii: "V")), end - position) {
      let place = base.distance(to: UnsafeRawPointer(hit))
      position = place + 1
      guard window.has("PRIVATE KEY-----", at: place - 3), let start = heading(window, place - 3),
        window.anchors.contains(start)
      else { continue }
      return start
    }
    return nil
  }

  /// - Parameter name: where `PRIVATE KEY` stands.
  /// - Returns: where the heading begins, if an unprotected key follows it.
  private func heading(_ window: ScanWindow, _ name: Int) -> Int? {
    let labels: [StaticString] = ["", "RSA ", "EC ", "DSA ", "OPENSSH "]
    for label in labels {
      let start = name - label.utf8CodeUnitCount - 11
      guard window.has("-----BEGIN ", at: start), window.has(label, at: start + 11) else { continue }
      let body = body(window, name + 16)
      if window.has("Proc-Type:", at: body) { return nil }
      let bytes = base64(window, body)
      return isKey(bytes, isOpenSSH: label.utf8CodeUnitCount == 8) ? start : nil
    }
    return nil
  }

  /// Past line ends, indents, and what a key in a string of a program or of JSON has about its lines.
  private func body(_ window: ScanWindow, _ position: Int) -> Int {
    var position = position
    let limit = min(position + 64, window.bytes.count)
    while position < limit {
      if window[position] == UInt8(ascii: "\\"), position + 1 < limit {
        position += 2
      } else if isBetween(window[position]) {
        position += 1
      } else {
        break
      }
    }
    return position
  }

  private func isBetween(_ byte: UInt8) -> Bool { byte <= 32 || "\"'+,>#*|".utf8.contains(byte) }

  /// As many bytes as are needed to tell; none where there is no base64 of that length.
  private func base64(_ window: ScanWindow, _ position: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount: UInt32 = 0
    var position = position
    while bytes.count < 42, position < window.bytes.count {
      guard let value = Self.value(window[position]) else {
        let next = body(window, position)
        guard next > position else { break }
        position = next
        continue
      }
      bits = (bits << 6 | value) & 0xffff
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
      }
      position += 1
    }
    return bytes.count == 42 ? bytes : []
  }

  private static func value(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  /// - Parameter bytes: the first 42 of the key.
  private func isKey(_ bytes: [UInt8], isOpenSSH: Bool) -> Bool {
    guard bytes.count == 42 else { return false }
    if isOpenSSH {
      // PROTOCOL.key of OpenSSH: a magic text with its NUL, then the cipher's name with its length.
      return bytes.starts(with: Array("openssh-key-v1\0".utf8) + [0, 0, 0, 4] + Array("none".utf8))
    }
    // DER: a SEQUENCE that begins with the INTEGER 0 or 1, the version (RFC 5208, RFC 8017, RFC 5915).
    guard bytes[0] == 0x30 else { return false }
    let header = bytes[1] < 0x80 ? 2 : 2 + Int(bytes[1] & 0x7f)
    guard header <= 5 else { return false }
    return bytes[header] == 2 && bytes[header + 1] == 1 && bytes[header + 2] <= 1
  }
}
