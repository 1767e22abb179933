internal import Glibc
internal import SystemPackage

/// Paths as text. Paths of source files are bytes (`[UInt8]`), because Linux allows any; these are for what we name.
public enum Paths {
  /// The folder that holds `path`'s last component; "." where there is none.
  public static func parent(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    let folder = String(path[..<slash])
    return folder.isEmpty ? "/" : folder
  }

  /// `mkdir -p`: makes each missing folder with `mode`; those that exist are left as they are.
  public static func makeFolders(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
    if mkdir(path, mode) == 0 || errno == EEXIST { return try requireFolder(path) }
    guard errno == ENOENT, parent(path) != path else { throw FileError("create folder", path, .current) }
    try makeFolders(parent(path), mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError("create folder", path, .current) }
  }

  private static func requireFolder(_ path: String) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError("stat", path, .current) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError("create folder", path, .notDirectory) }
  }

  public static func exists(_ path: String) -> Bool { allows(path, F_OK) }

  /// faccessat(3) with the rights that this process works with: access(2) would leave out capabilities such as
  /// `CAP_DAC_READ_SEARCH`, by which a service reads what belongs to others.
  /// - Parameter mode: `F_OK`, or of `R_OK`, `W_OK` and `X_OK`.
  public static func allows(_ path: String, _ mode: Int32) -> Bool { faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 }

  /// The names in a folder without hidden ones, in no order; none where there is no such folder (readdir(3)).
  public static func names(in folder: String) throws(FileError) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw FileError("read", folder, .current)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}

extension Collection where Element == UInt8 {
  /// These bytes of a file name as safe, readable text: UTF-8 as it is; control characters, backslashes and bytes that are
  /// not UTF-8 as three octal digits after a backslash, as `ls -b` and mtree(5) write them.
  public var displayPath: String {
    let escaped = String(decoding: self, as: UTF8.self)
    if !escaped.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 || $0 == "\\" || $0 == "\u{FFFD}" }) {
      return escaped
    }
    var text = ""
    var decoder = UTF8()
    var bytes = Array(self)[...]
    while let first = bytes.first {
      var iterator = bytes.prefix(4).makeIterator()
      decoder = UTF8()
      if case .scalarValue(let scalar) = decoder.decode(&iterator), scalar.value >= 32, scalar.value != 127,
        scalar != "\\"
      {
        text.unicodeScalars.append(scalar)
        bytes = bytes.dropFirst(UTF8.width(scalar))
      } else {
        text += "\\" + String(first >> 6, radix: 8) + String(first >> 3 & 7, radix: 8) + String(first & 7, radix: 8)
        bytes = bytes.dropFirst()
      }
    }
    return text
  }
}
