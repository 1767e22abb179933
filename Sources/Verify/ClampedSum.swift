extension UInt64 {
  /// Adds a size that storage or a manifest claims: it may be anything, and no sum of such sizes may overflow.
  mutating func addClamped(_ size: UInt64) {
    let (sum, overflow) = addingReportingOverflow(size)
    self = overflow ? .max : sum
  }
}

extension Sequence<UInt64> {
  /// The sum of sizes, at most `UInt64.max`.
  var clampedSum: UInt64 {
    var sum: UInt64 = 0
    for size in self { sum.addClamped(size) }
    return sum
  }
}
