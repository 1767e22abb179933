internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// A configured source path: its normal form, and how to open what is above it, however long it is.
enum SourcePath {
  /// An absolute path as an `Entry.path`: no doubled or trailing slashes, no `.`.
  /// - Returns: nil where the path is not absolute or has a `..` or a NUL in it.
  static func normalize(_ path: [UInt8]) -> [UInt8]? {
    guard path.first == UInt8(ascii: "/"), !path.contains(0) else { return nil }
    let dot = UInt8(ascii: ".")
    let components = path.split(separator: UInt8(ascii: "/")).filter { $0 != [dot] }
    if components.contains([dot, dot]) { return nil }
    return components.isEmpty ? [dot] : Array(components.joined(separator: [UInt8(ascii: "/")]))
  }

  /// Opens the directory above a source path, following symbolic links.
  /// - Returns: the descriptor, or nil and why; and the last component with a NUL behind it.
  static func openParent(_ path: [UInt8]) -> (descriptor: Int32?, errno: Errno, name: [CChar]) {
    var components = path.split(separator: UInt8(ascii: "/"))
    let name = (components.popLast() ?? []).map { CChar(bitPattern: $0) } + [0]
    var directory = open("/", redoubt_O_PATH | O_DIRECTORY | O_CLOEXEC)
    for component in components {
      guard directory >= 0 else { break }
      directory = step(directory, component, redoubt_O_PATH | O_DIRECTORY | O_CLOEXEC)
    }
    return directory >= 0 ? (directory, Errno(rawValue: 0), name) : (nil, .current, name)
  }

  /// Opens a directory again whose descriptor was closed: `path` up to it, from the source path's parent, following
  /// nothing.
  /// - Parameter sourceLength: where in `path` the part below the source path begins.
  /// - Returns: -1 where that fails.
  static func openBelow(_ parent: Int32, _ path: ArraySlice<UInt8>, sourceLength: Int) -> Int32 {
    let slash = UInt8(ascii: "/")
    let source = path.prefix(max(0, sourceLength - 1))
    let first = source.split(separator: slash).last ?? [UInt8(ascii: ".")]
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var directory = dup(parent)
    for component in [first] + path.dropFirst(sourceLength).split(separator: slash) {
      guard directory >= 0 else { return -1 }
      directory = step(directory, component, flags)
    }
    return directory
  }

  /// Opens `component` in `directory` and closes that.
  private static func step(_ directory: Int32, _ component: ArraySlice<UInt8>, _ flags: Int32) -> Int32 {
    let name = component.map { CChar(bitPattern: $0) } + [0]
    let next = openat(directory, name, flags)
    let code = errno
    close(directory)
    errno = code
    return next
  }
}
