internal import CLinux

/// Random bytes from the kernel (`getrandom(2)`).
public func randomBytes(_ count: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    filled = 0
    while filled < count {
      let result = redoubt_getrandom(buffer.baseAddress?.advanced(by: filled), count - filled)
      if result > 0 { filled += result }
    }
  }
}

/// Eight random hexadecimal digits, for temporary names.
enum Hex8 {
  static func random() -> String {
    let value = randomBytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
