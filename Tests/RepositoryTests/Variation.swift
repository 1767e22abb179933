import JSON

/// Numbers that look random, the same for the same seed (xorshift64*).
struct Random: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

/// Other texts for the same JSON, and texts that are nearly JSON.
enum Variation {
  /// The same object with its members in another order, with spaces and with escapes.
  static func text(_ line: [UInt8], _ random: inout Random) -> String {
    let reader = JSONReader()
    let members = line.withUnsafeBytes { bytes in
      // The line was written by us.
      (try? reader.read(bytes).members) ?? []
    }
    return text(.object(members), &random)
  }

  private static func text(_ value: JSONValue, _ random: inout Random) -> String {
    switch value {
    case .object(let members):
      var parts: [String] = []
      for member in members.shuffled(using: &random) {
        parts.append(string(member.name, &random) + space(&random) + ":" + text(member.value, &random))
      }
      return space(&random) + "{" + parts.joined(separator: ",") + space(&random) + "}" + space(&random)
    case .array(let values):
      var parts: [String] = []
      for value in values { parts.append(text(value, &random)) }
      return space(&random) + "[" + space(&random) + parts.joined(separator: ",") + "]" + space(&random)
    case .string(let string): return space(&random) + self.string(string, &random)
    default: return space(&random) + value.text + space(&random)
    }
  }

  private static func space(_ random: inout Random) -> String {
    Bool.random(using: &random) ? "" : [" ", "\t", "\r", "  "].randomElement(using: &random) ?? ""
  }

  private static func string(_ string: String, _ random: inout Random) -> String {
    var text = ""
    for scalar in string.unicodeScalars {
      let isPlain = scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
      if isPlain, Int.random(in: 0..<4, using: &random) > 0 {
        text.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return "\"\(text)\""
  }

  private static let pieces = Array("{}[]:,\"\\/ntru0123456789.-+eE \u{1}\u{7f}é".utf8)

  /// One to three bytes changed, added or taken away.
  static func damage(_ line: [UInt8], _ random: inout Random) -> [UInt8] {
    var damaged = line
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let position = Int.random(in: damaged.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: damaged[position] = pieces.randomElement(using: &random) ?? 0
      case 1: damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: damaged.insert(pieces.randomElement(using: &random) ?? 0, at: position)
      default: damaged.remove(at: position)
      }
    }
    return damaged
  }
}
