internal import Glibc

/// Joins a file's pieces to windows that overlap as far as a secret may reach.
struct ScanWindows: ~Copyable {
  private static let size = 256 << 10
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ScanWindows.size, alignment: 64)
  private var count = 0
  /// Where the first position is that has not been an anchor.
  private var done = 0
  /// Where the buffer begins in the file.
  private var offset: UInt64 = 0
  /// Line ends before the buffer.
  private(set) var lines = 0

  deinit { buffer.deallocate() }

  mutating func removeAll() {
    (count, done, offset, lines) = (0, 0, 0, 0)
  }

  var isFull: Bool { count == Self.size }

  /// - Returns: how many bytes were taken.
  mutating func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
    let length = min(bytes.count, Self.size - count)
    if let source = bytes.baseAddress {
      buffer.baseAddress?.advanced(by: count).copyMemory(from: source, byteCount: length)
    }
    count += length
    return length
  }

  func window(isLast: Bool) -> ScanWindow {
    let end = isLast ? count : max(done, count - ScanWindow.reach)
    return ScanWindow(
      bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]), offset: offset, anchors: done..<end, isLast: isLast)
  }

  /// After a window that was not the last one: keeps what the next one needs of it.
  mutating func advance() {
    let end = max(done, count - ScanWindow.reach)
    let dropped = max(0, end - ScanWindow.reach)
    lines += lineEnds(buffer[..<dropped])
    UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count - dropped)]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: buffer[dropped..<count]))
    count -= dropped
    done = end - dropped
    offset += UInt64(dropped)
  }

  /// Passes over bytes of the file that need not be looked at; what came before has been.
  mutating func skip(_ length: UInt64) {
    lines += lineEnds(buffer[..<count])
    offset += UInt64(count) + length
    (count, done) = (0, 0)
  }
}

/// How many lines end in these bytes.
func lineEnds(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> Int {
  lineEnds(UnsafeRawBufferPointer(rebasing: bytes))
}

func lineEnds(_ bytes: UnsafeRawBufferPointer) -> Int {
  guard let base = bytes.baseAddress else { return 0 }
  var count = 0
  var position = 0
  while let hit = memchr(base + position, 10, bytes.count - position) {
    position = base.distance(to: UnsafeRawPointer(hit)) + 1
    count += 1
  }
  return count
}
