internal import Glibc

/// The order in which `TreeWalker` visits: a negative number where `one` comes before `other`, 0 where they are equal, a
/// positive number where it comes after.
///
/// Paths (`Entry.path`) are compared component by component, each bytewise; a path comes before all paths below it, and
/// "." before everything. This is the bytewise order of the paths with every slash taken as smaller than any other byte.
/// It differs from the plain bytewise order: `a/b` comes before `a.txt`.
public func walkOrder(_ one: [UInt8], _ other: [UInt8]) -> Int {
  one.withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { walkOrder($0, one: one) } }
}

private func walkOrder(_ other: UnsafeBufferPointer<UInt8>, one: UnsafeBufferPointer<UInt8>) -> Int {
  let slash = UInt8(ascii: "/")
  let oneRoot = one.count == 1 && one[0] == UInt8(ascii: ".")
  let otherRoot = other.count == 1 && other[0] == UInt8(ascii: ".")
  if oneRoot || otherRoot { return oneRoot ? (otherRoot ? 0 : -1) : 1 }
  let common = min(one.count, other.count)
  var position = 0
  while position < common, one[position] == other[position] { position += 1 }
  guard position < common else { return one.count - other.count }
  if one[position] == slash { return -1 }
  if other[position] == slash { return 1 }
  return Int(one[position]) - Int(other[position])
}

extension Collection<UInt8> {
  /// Whether this path lies below `directory` (both as in `Entry.path`).
  public func isBelow(_ directory: [UInt8]) -> Bool {
    if directory == [UInt8(ascii: ".")] { return !elementsEqual(directory) }
    return count > directory.count + 1 && starts(with: directory)
      && self[index(startIndex, offsetBy: directory.count)] == UInt8(ascii: "/")
  }
}
