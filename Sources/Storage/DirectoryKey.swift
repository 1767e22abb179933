internal import Files
internal import SystemPackage

/// A key that is safe as a path: no empty, `.` or `..` component, none that the store uses for itself.
struct DirectoryKey {
  let path: String
  /// Without the last component; empty where that is all there is.
  let folder: String
  let name: String
  /// For messages.
  let subject: String

  init(_ key: String, root: String) throws(StorageError) {
    let components = key.split(separator: "/", omittingEmptySubsequences: false)
    subject = "\(root)/\(key)"
    let isSafe = components.allSatisfy { component in
      !component.isEmpty && component != "." && component != ".." && !component.utf8.contains(0)
        && !DirectoryKey.isTemporary(component)
    }
    guard isSafe, let last = components.last else {
      throw StorageError(.refused, subject, "this key cannot be a path in a folder")
    }
    path = key
    name = String(last)
    folder = components.dropLast().joined(separator: "/")
  }

  /// Names under which unfinished objects are written, and a medium's marker; listings pass over them.
  static func isTemporary(_ name: some StringProtocol) -> Bool {
    name.hasPrefix(".redoubt-") && (name.hasSuffix(".tmp") || name == MediumMarker.name)
  }
}

extension StorageError {
  init(_ error: FileError, _ subject: String) { self.init(error.errno, error.operation, subject) }

  /// A system call that failed on a folder's file.
  init(_ errno: Errno, _ operation: String, _ subject: String) {
    let reason = "cannot \(operation): \(errno.description.prefix(1).lowercased() + errno.description.dropFirst())"
    switch errno {
    case .noSpace, .diskQuotaExceeded: self.init(.full, subject, reason, hint: "free some room on that disk")
    case .readOnlyFileSystem, .permissionDenied, .notPermitted: self.init(.denied, subject, reason)
    case .noSuchFileOrDirectory, .notDirectory: self.init(.missing, subject, "no such object")
    case .tooManySymbolicLinkLevels, .improperLink:
      self.init(.refused, subject, "a symbolic link is in the way")
    case .fileNameTooLong, .invalidArgument, .isDirectory, .fileTooLarge: self.init(.refused, subject, reason)
    case .ioError, .staleNFSFileHandle, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem:
      self.init(.server, subject, reason, isTransient: true)
    default: self.init(.server, subject, reason)
    }
  }
}
