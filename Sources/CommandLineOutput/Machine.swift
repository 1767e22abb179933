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

/// The running program's own file (proc(5), `/proc/self/exe`).
public func programPath() throws -> String {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  let count = readlink("/proc/self/exe", &buffer, buffer.count)
  guard count > 0, count < buffer.count else { throw FileError("find the program", "/proc/self/exe", .current) }
  return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The machine's name up to its first dot, in lowercase (gethostname(2)).
public func machineName() -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
  let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return String(name.prefix { $0 != "." }).lowercased()
}
