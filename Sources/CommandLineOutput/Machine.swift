internal import Files
internal import Glibc
internal import SystemPackage

/// `path` as an absolute one; a relative one is taken from the working folder.
public func absolutePath(_ path: String) throws -> String {
  if path.hasPrefix("/") { return path }
  guard let folder = getcwd(nil, 0) else { throw FileError("find the working folder for", path, .current) }
  defer { free(folder) }
  return "\(String(cString: folder))/\(path)"
}

/// The machine's name up to its first dot, in lowercase (gethostname(2)).
public func machineName() -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
  let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return String(name.prefix { $0 != "." }).lowercased()
}
