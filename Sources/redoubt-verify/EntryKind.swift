import Archive
import CommandLineOutput
import Digests
import Files

extension Entry.Kind {
  /// As JSON shows it: the types of mtree(5), and `hard-link`.
  var name: String {
    switch self {
    case .file: "file"
    case .directory: "dir"
    case .symbolicLink: "link"
    case .hardLink: "hard-link"
    case .fifo: "fifo"
    case .characterDevice: "char"
    case .blockDevice: "block"
    }
  }

  /// What follows the path in a listing: as `ls -F` marks it, with a link's target.
  var suffix: String {
    switch self {
    case .file: ""
    case .directory: "/"
    case .symbolicLink(let target): " -> \(target.displayPath)"
    case .hardLink(let target): " = \(target.displayPath)"
    case .fifo: "|"
    case .characterDevice(let major, let minor), .blockDevice(let major, let minor): " (\(major), \(minor))"
    }
  }
}

extension Entry {
  /// As JSON shows it.
  var members: [JSONValue.Member] {
    [
      .init("path", .string(path.displayPath)), .init("kind", .string(kind.name)),
      .init("mode", .string(String(mode, radix: 8))), .init("uid", JSONValue(owner)), .init("gid", JSONValue(group)),
      .init("size", JSONValue(size)), .init("time", .string(modified.rfc3339)),
      .init("sha256", JSONValue(digest?.hex)),
    ]
  }
}

extension SHA256Digest {
  /// The first 16 digits: enough to tell versions of a file apart.
  var prefix: String { String(hex.prefix(16)) }
}
