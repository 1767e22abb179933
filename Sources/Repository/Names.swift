public import Files

/// Whether a host's or set's name can be a part of keys, file names and records: 1 to 64 of `a-z 0-9 . _ -`, the first
/// of them a letter or digit.
public func isValidName(_ name: String) -> Bool {
  guard let first = name.utf8.first, name.utf8.count <= 64 else { return false }
  func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
  return isAlphanumeric(first)
    && name.utf8.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
}

/// Names that the layout uses itself, and that no set may have.
public let reservedSetNames: Set<String> = ["catalog", "probe"]

/// A snapshot's name: when its run began, in UTC, and four random hexadecimal digits: `20261121T020000Z-7f3a`.
///
/// Sorts by time and is safe in keys and file names.
public struct SnapshotID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let started: Timestamp
  private let suffix: UInt16

  /// - Parameter random: from the caller, so that tests choose it.
  public init(started: Timestamp, random: UInt16) {
    self.started = Timestamp(seconds: started.seconds)
    suffix = random
  }

  /// - Returns: nil for anything that `description` does not write.
  public init?(_ text: some StringProtocol) {
    guard let (started, random) = parseTimedName(text, digits: 4) else { return nil }
    self.started = started
    suffix = UInt16(truncatingIfNeeded: random)
  }

  public var description: String { timedName(started, UInt64(suffix), digits: 4) }

  public static func < (one: SnapshotID, other: SnapshotID) -> Bool {
    (one.started, one.suffix) < (other.started, other.suffix)
  }
}

/// One uninterrupted life of a node's state: when it began and eight random hexadecimal digits.
public struct Epoch: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let began: Timestamp
  private let suffix: UInt32

  public init(began: Timestamp, random: UInt32) {
    self.began = Timestamp(seconds: began.seconds)
    suffix = random
  }

  public init?(_ text: some StringProtocol) {
    guard let (began, random) = parseTimedName(text, digits: 8) else { return nil }
    self.began = began
    suffix = UInt32(truncatingIfNeeded: random)
  }

  public var description: String { timedName(began, UInt64(suffix), digits: 8) }

  public static func < (one: Epoch, other: Epoch) -> Bool { (one.began, one.suffix) < (other.began, other.suffix) }
}

private func timedName(_ time: Timestamp, _ random: UInt64, digits: Int) -> String {
  let hex = String(random, radix: 16)
  return "\(time.basic)-\(String(repeating: "0", count: digits - hex.count))\(hex)"
}

private func parseTimedName(_ text: some StringProtocol, digits: Int) -> (Timestamp, UInt64)? {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  guard parts.count == 2, parts[1].utf8.count == digits, let time = Timestamp(parts[0]), time.basic == parts[0],
    let random = UInt64(parts[1], radix: 16), timedName(time, random, digits: digits) == text
  else { return nil }
  return (time, random)
}
