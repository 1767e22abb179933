internal import Files
internal import Glibc
internal import SystemPackage

/// Open directories from a root down to the one used last, so that the next entry of the same directory costs no lookup.
///
/// Every step is one `openat(2)` of one name with `O_DIRECTORY | O_NOFOLLOW`, and no name is `..`: nothing outside the root
/// can be reached, whatever links lie in it, and a path may be of any length. Only the deepest few directories stay
/// open. Not safe for concurrent use.
final class DirectoryChain {
  private struct Link {
    let name: [UInt8]
    /// -1 while closed.
    var descriptor: Int32
  }

  private static let openLinks = 64
  private let root: Int32
  private var links: [Link] = []

  /// - Parameter root: stays the caller's; it must outlive this object.
  init(root: Int32) { self.root = root }

  deinit { truncate(to: 0) }

  /// Opens the directory of these components; valid until the next call.
  /// - Parameter create: makes a missing directory in an open one and answers 0, or -1 with `errno` set.
  /// - Throws: the component that could not be opened and why.
  func directory(
    _ components: ArraySlice<ArraySlice<UInt8>>, create: ((Int32, UnsafePointer<CChar>, [UInt8]) -> Int32)? = nil
  ) throws(FileError) -> Int32 {
    var common = 0
    while common < links.count, common < components.count,
      links[common].name.elementsEqual(components[components.startIndex + common])
    { common += 1 }
    truncate(to: common)
    try reopen()
    for index in common..<components.count {
      let name = Array(components[components.startIndex + index])
      try descend(name, create: create)
    }
    return links.last?.descriptor ?? root
  }

  private func descend(_ name: [UInt8], create: ((Int32, UnsafePointer<CChar>, [UInt8]) -> Int32)?) throws(FileError) {
    let parent = links.last?.descriptor ?? root
    let descriptor = Self.withName(name[...]) { text in
      let found = Self.open(parent, text)
      guard found < 0, errno == ENOENT, let create else { return found }
      return create(parent, text, path(name)) == 0 ? Self.open(parent, text) : -1
    }
    guard descriptor >= 0 else { throw FileError("open", path(name).displayPath, .current) }
    links.append(Link(name: name, descriptor: descriptor))
    let closing = links.count - 1 - Self.openLinks
    if closing >= 0, links[closing].descriptor >= 0 {
      close(links[closing].descriptor)
      links[closing].descriptor = -1
    }
  }

  /// Opens the last link again where it was closed, and with it those just above, which are likely to be next.
  private func reopen() throws(FileError) {
    guard let last = links.last, last.descriptor < 0 else { return }
    var above = links.count - 1
    while above > 0, links[above - 1].descriptor < 0 { above -= 1 }
    for index in above..<links.count {
      let parent = index == 0 ? root : links[index - 1].descriptor
      let descriptor = Self.withName(links[index].name[...]) { Self.open(parent, $0) }
      guard descriptor >= 0 else {
        let errno = Errno.current
        let name = links[index].name
        truncate(to: index)
        throw FileError("open", path(name).displayPath, errno)
      }
      links[index].descriptor = descriptor
      let closing = index - Self.openLinks
      if closing >= 0, links[closing].descriptor >= 0 {
        close(links[closing].descriptor)
        links[closing].descriptor = -1
      }
    }
  }

  private func truncate(to count: Int) {
    for link in links[count...] where link.descriptor >= 0 { close(link.descriptor) }
    links.removeSubrange(count...)
  }

  private func path(_ name: [UInt8]) -> [UInt8] {
    Array((links.map(\.name) + [name]).joined(separator: [UInt8(ascii: "/")]))
  }

  private static func open(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32 {
    openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
  }

  /// Passes a name with a NUL behind it.
  static func withName<Result>(_ name: ArraySlice<UInt8>, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let text = name.map { CChar(bitPattern: $0) } + [0]
    // An array of one element or more has an address.
    return text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return body("") }
      return body(base)
    }
  }
}
