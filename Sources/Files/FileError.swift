public import SystemPackage

/// A system call on a file that failed: what was attempted, on which path, and the system's reason.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// An infinitive that completes "cannot …": `open`, `write`, `rename`.
  public let operation: String
  public let path: String
  public let errno: Errno

  public init(_ operation: String, _ path: String, _ errno: Errno) {
    self.operation = operation
    self.path = path
    self.errno = errno
  }

  public var description: String { "cannot \(operation) \(path): \(errno.description.lowercasedFirst)" }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
