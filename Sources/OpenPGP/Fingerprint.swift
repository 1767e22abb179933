/// An OpenPGP key's fingerprint: 40 hexadecimal digits (version 4 keys) or 64 (versions 5 and 6), in capitals.
public struct Fingerprint: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let description: String

  /// Reads a fingerprint as people write it: in either case, with spaces between groups, with `0x` before it.
  /// - Returns: nil for anything else, a key id included.
  public init?(_ text: some StringProtocol) {
    guard let digits = Fingerprint.hexDigits(text), digits.count == 40 || digits.count == 64 else { return nil }
    description = digits
  }

  /// The last 16 digits of a version 4 fingerprint (RFC 4880, section 12.2), the first 16 of a later one (RFC 9580).
  public var keyID: String { String(description.count == 40 ? description.suffix(16) : description.prefix(16)) }

  public static func < (one: Fingerprint, other: Fingerprint) -> Bool { one.description < other.description }

  /// The hexadecimal digits of a fingerprint or key id, in capitals; nil where there is anything else.
  static func hexDigits(_ text: some StringProtocol) -> String? {
    let compact = String(text).filter { $0 != " " }.uppercased()
    let digits = compact.hasPrefix("0X") ? compact.dropFirst(2) : compact[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || (65...70).contains($0) }) else {
      return nil
    }
    return String(digits)
  }
}
