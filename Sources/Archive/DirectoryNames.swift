internal import CLinux
internal import Glibc

/// The names in one directory in bytewise order, each with a NUL behind it at a stable address.
///
/// One block of memory for all names and 16 bytes a name for their order: a directory of a million names of 20 bytes takes
/// about 40 MB. Not safe for concurrent use.
final class DirectoryNames {
  private struct Item {
    /// The first eight bytes, big-endian, zeros behind a shorter name: most comparisons end here.
    var key: UInt64
    var offset: Int
  }

  private var block: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var used = 0
  private var items: [Item] = []
  private var position = 0

  init() {
    capacity = 4096
    block = .allocate(capacity: capacity)
  }

  deinit { block.deallocate() }

  /// Reads all names but "." and "..".
  /// - Parameter buffer: room for what one `getdents64(2)` returns.
  /// - Returns: false where the system refused; `errno` tells why.
  func read(directory: Int32, buffer: UnsafeMutableRawBufferPointer) -> Bool {
    used = 0
    position = 0
    items.removeAll(keepingCapacity: true)
    while true {
      let length = redoubt_getdents(directory, buffer.baseAddress, buffer.count)
      if length < 0 { return false }
      if length == 0 { break }
      var offset = 0
      while offset < length {
        let recordLength = Int(buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
        if let name = buffer.baseAddress?.advanced(by: offset + 19) {
          append(name.assumingMemoryBound(to: UInt8.self))
        }
        offset += recordLength
      }
    }
    let block = self.block
    items.sort { one, other in
      if one.key != other.key { return one.key < other.key }
      return strcmp(Self.text(block, one.offset), Self.text(block, other.offset)) < 0
    }
    return true
  }

  private func append(_ name: UnsafePointer<UInt8>) {
    let dot = UInt8(ascii: ".")
    if name[0] == dot, name[1] == 0 || (name[1] == dot && name[2] == 0) { return }
    let length = strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)) + 1
    if used + length > capacity { grow(to: max(capacity * 2, used + length)) }
    (block + used).update(from: name, count: length)
    var key: UInt64 = 0
    for index in 0..<8 {
      key <<= 8
      if index < length { key |= UInt64(name[index]) }
    }
    items.append(Item(key: key, offset: used))
    used += length
  }

  private func grow(to newCapacity: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    larger.update(from: block, count: used)
    block.deallocate()
    block = larger
    capacity = newCapacity
  }

  private static func text(_ block: UnsafeMutablePointer<UInt8>, _ offset: Int) -> UnsafePointer<CChar> {
    UnsafeRawPointer(block + offset).assumingMemoryBound(to: CChar.self)
  }

  /// The next name; valid until the next `read` or the end of this object.
  func next() -> UnsafePointer<CChar>? {
    guard position < items.count else { return nil }
    defer { position += 1 }
    return Self.text(block, items[position].offset)
  }

  /// Gives up what has not been read yet.
  func skipRest() { position = items.count }

  /// Gives back a large block, so that a kept object stays small.
  func shrink() {
    guard capacity > 1 << 20 else { return }
    block.deallocate()
    capacity = 4096
    block = .allocate(capacity: capacity)
    used = 0
    items = []
    position = 0
  }
}
