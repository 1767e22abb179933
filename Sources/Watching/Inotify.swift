internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// One instance of inotify(7). Belongs to the thread that reads it.
final class Inotify {
  struct Event {
    /// The watch's number; -1 where the queue ran over.
    var watch: Int32
    var mask: Mask
    /// The entry's name; empty where the watched object itself is meant.
    var name: [UInt8]
  }

  struct Mask: OptionSet {
    var rawValue: UInt32
    static let modify = Mask(rawValue: redoubt_IN_MODIFY)
    static let attributes = Mask(rawValue: redoubt_IN_ATTRIB)
    static let closedAfterWriting = Mask(rawValue: redoubt_IN_CLOSE_WRITE)
    static let movedFrom = Mask(rawValue: redoubt_IN_MOVED_FROM)
    static let movedTo = Mask(rawValue: redoubt_IN_MOVED_TO)
    static let created = Mask(rawValue: redoubt_IN_CREATE)
    static let deleted = Mask(rawValue: redoubt_IN_DELETE)
    static let deletedSelf = Mask(rawValue: redoubt_IN_DELETE_SELF)
    static let movedSelf = Mask(rawValue: redoubt_IN_MOVE_SELF)
    static let unmounted = Mask(rawValue: redoubt_IN_UNMOUNT)
    static let overflow = Mask(rawValue: redoubt_IN_Q_OVERFLOW)
    static let ignored = Mask(rawValue: redoubt_IN_IGNORED)
    static let directory = Mask(rawValue: redoubt_IN_ISDIR)

    /// Entries that come or go.
    static let names: Mask = [.created, .deleted, .movedFrom, .movedTo]
    /// Entries that change, beside.
    static let contents: Mask = [.modify, .attributes, .closedAfterWriting]
  }

  let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  init() throws(WatchError) {
    descriptor = redoubt_inotify()
    guard descriptor >= 0 else {
      let errno = Errno.current
      buffer.deallocate()
      guard errno == .tooManyOpenFiles else { throw WatchError(.system, "begin watching", errno) }
      throw WatchError(
        .instances, "begin watching", errno,
        hint: "raise fs.inotify.max_user_instances (128 by default): sysctl -w fs.inotify.max_user_instances=1024")
    }
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Watches a directory; one that is watched already keeps its number and gets the mask's bits beside those it has.
  /// - Parameter follows: whether a symbolic link as the last component is followed.
  func add(_ path: [UInt8], _ mask: Mask, follows: Bool) -> Result<Int32, Errno> {
    var bits = mask.rawValue | redoubt_IN_ONLYDIR | redoubt_IN_EXCL_UNLINK | redoubt_IN_MASK_ADD
    if !follows { bits |= redoubt_IN_DONT_FOLLOW }
    let watch = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { redoubt_inotify_add(descriptor, $0, bits) } ?? -1
      }
    }
    return watch >= 0 ? .success(watch) : .failure(.current)
  }

  /// A number that is gone already (its directory was deleted) is no error.
  func remove(_ watch: Int32) { _ = redoubt_inotify_remove(descriptor, watch) }

  /// Hands out the events that wait, at most a buffer full.
  /// - Returns: false where none waited.
  func read(_ visit: (Event) -> Void) throws(WatchError) -> Bool {
    let count = retryingInterrupts { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
    if count < 0 {
      if Errno.current == .wouldBlock { return false }
      throw WatchError(.system, "read what has changed", .current)
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len], padded with zeros.
    var position = 0
    while position + 16 <= count {
      let watch = bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)
      let mask = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
      let length = Int(bytes.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
      let name = Array(bytes[(position + 16)..<min(position + 16 + length, count)].prefix { $0 != 0 })
      visit(Event(watch: watch, mask: Mask(rawValue: mask), name: name))
      position += 16 + length
    }
    return true
  }
}
