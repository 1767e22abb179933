internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// Extended attributes of a name in an open directory. There is no `…at` form of these calls before Linux 6.13, so they go
/// through `/proc/self/fd/<directory>/<name>`; no path is longer than one name, however deep the directory lies.
enum ExtendedAttributes {
  static func read(directory: Int32, name: UnsafePointer<CChar>, path: [UInt8]) throws(FileError)
    -> [ExtendedAttribute]
  {
    let names = try grow(path) { buffer in
      withPath(directory, name) { llistxattr($0, buffer.baseAddress, buffer.count) }
    }
    guard let names, !names.isEmpty else { return [] }
    var attributes: [ExtendedAttribute] = []
    for attribute in names.split(separator: 0) {
      let key = Array(attribute) + [0]
      let value: [UInt8]?
      do throws(FileError) {
        value = try grow(path) { buffer in
          withPath(directory, name) { file in
            key.withUnsafeBytes {
              lgetxattr(file, $0.assumingMemoryBound(to: CChar.self).baseAddress, buffer.baseAddress, buffer.count)
            }
          }
        }
      } catch {
        // Labels that the kernel makes itself and keeps from us; everything a user set is under `user` or `trusted`.
        if key.starts(with: "security.".utf8) || key.starts(with: "system.".utf8) { continue }
        throw error
      }
      if let value { attributes.append(ExtendedAttribute(name: Array(attribute), value: value)) }
    }
    attributes.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return attributes
  }

  /// Sets one attribute (`lsetxattr(2)`). Nil where that worked.
  static func set(_ attribute: ExtendedAttribute, directory: Int32, name: UnsafePointer<CChar>) -> Errno? {
    let key = attribute.name + [0]
    let result = withPath(directory, name) { file in
      key.withUnsafeBytes { key in
        attribute.value.withUnsafeBytes { value in
          lsetxattr(file, key.assumingMemoryBound(to: CChar.self).baseAddress, value.baseAddress, value.count, 0)
        }
      }
    }
    return result == 0 ? nil : .current
  }

  /// - Returns: nil where there are no attributes here, or this one is gone.
  private static func grow(_ path: [UInt8], _ call: (UnsafeMutableRawBufferPointer) -> Int) throws(FileError)
    -> [UInt8]?
  {
    var size = 512
    while true {
      var content: [UInt8] = []
      let result = withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer in
        let result = call(buffer)
        if result > 0 { content = Array(buffer[..<result]) }
        return result
      }
      if result >= 0 { return content }
      switch errno {
      case ERANGE where size < 1 << 20: size *= 8
      case ENOTSUP, ENODATA: return nil
      default: throw FileError("read the extended attributes of", path.absolute, .current)
      }
    }
  }

  private static func withPath(_ directory: Int32, _ name: UnsafePointer<CChar>, _ body: (UnsafePointer<CChar>) -> Int)
    -> Int
  {
    Int(withPath(directory, name) { Int64(body($0)) })
  }

  private static func withPath(
    _ directory: Int32, _ name: UnsafePointer<CChar>, _ body: (UnsafePointer<CChar>) -> Int32
  )
    -> Int32
  {
    Int32(withPath(directory, name) { Int64(body($0)) })
  }

  /// Spells `/proc/self/fd/<directory>/<name>` in temporary memory.
  private static func withPath(
    _ directory: Int32, _ name: UnsafePointer<CChar>, _ body: (UnsafePointer<CChar>) -> Int64
  ) -> Int64 {
    let length = strlen(name)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: length + 32) { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      let prefix: StaticString = "/proc/self/fd/"
      memcpy(base, prefix.utf8Start, prefix.utf8CodeUnitCount)
      var end = prefix.utf8CodeUnitCount
      var divisor: Int32 = 1
      while directory / divisor >= 10 { divisor *= 10 }
      while divisor > 0 {
        base[end] = CChar(48 + directory / divisor % 10)
        end += 1
        divisor /= 10
      }
      base[end] = CChar(UInt8(ascii: "/"))
      memcpy(base + end + 1, name, length + 1)
      return body(base)
    }
  }
}
