/// A value's place in a text; an object's or array's is followed by those of its names and values.
struct JSONToken {
  enum Kind: UInt8 { case object, array, string, escapedString, integer, real, yes, no, null }
  var kind: Kind
  /// Offsets in the text.
  var start: UInt32
  var end: UInt32 = 0
  /// The index of the first token after this value.
  var next: UInt32 = 0

  init(kind: Kind, start: UInt32) {
    self.kind = kind
    self.start = start
  }
}

/// Escapes in strings (RFC 8259, section 7).
enum JSONEscape {
  /// How many bytes the escape at `text` takes, a pair of surrogates as one; nil where it is none.
  static func length(_ text: UnsafePointer<UInt8>, available: Int) -> Int? {
    guard available >= 2 else { return nil }
    switch text[1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return 2
    case UInt8(ascii: "u"):
      guard let unit = unit(text, available: available) else { return nil }
      switch unit {
      case 0xD800...0xDBFF:
        guard let low = Self.unit(text + 6, available: available - 6), 0xDC00...0xDFFF ~= low else { return nil }
        return 12
      case 0xDC00...0xDFFF: return nil
      default: return 6
      }
    default: return nil
    }
  }

  /// The UTF-16 code unit of `\uXXXX`.
  private static func unit(_ text: UnsafePointer<UInt8>, available: Int) -> UInt16? {
    guard available >= 6, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "u") else { return nil }
    var unit: UInt16 = 0
    for position in 2..<6 {
      let byte = text[position]
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 65...70: digit = byte - 55
      case 97...102: digit = byte - 87
      default: return nil
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// A string without its escapes; `text` has been read and holds.
  static func resolve(_ text: UnsafeBufferPointer<UInt8>) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let byte = text[position]
      guard byte == UInt8(ascii: "\\"), let base = text.baseAddress else {
        bytes.append(byte)
        position += 1
        continue
      }
      let escape = base + position
      let length = length(escape, available: text.count - position) ?? 1
      switch length == 2 ? escape[1] : 0 {
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case 0:
        let units = stride(from: 0, to: length, by: 6).compactMap { unit(escape + $0, available: 6) }
        bytes += Array(String(decoding: units, as: UTF16.self).utf8)
      case let plain: bytes.append(plain)
      }
      position += length
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
