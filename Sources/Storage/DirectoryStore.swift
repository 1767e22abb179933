internal import Channels
public import Files
internal import Glibc
internal import SystemPackage

/// Objects as files below a folder: `key` is the file's path in it.
///
/// The folder itself is never made: a disk that is not mounted must not be mistaken for an empty one, so name a folder on
/// the disk, not the place where it is mounted. No symbolic link below it is followed.
public final class DirectoryStore: ObjectWriter, ObjectReader, ObjectRemover {
  private let root: String
  /// The medium that objects are for; nil for any folder.
  private let medium: MediumMarker?
  private let usesUnnamedFiles: Bool
  private let monitor = Monitor()
  // Guarded by `monitor`: the folders that were tidied.
  private nonisolated(unsafe) var tidied: Set<Substring> = []

  /// - Parameters:
  ///   - root: an absolute path.
  ///   - usesUnnamedFiles: whether objects are written without a name where the file system can do that; else, and
  ///     elsewhere, under temporary names, which a process that is killed leaves behind until a later one tidies up.
  public convenience init(_ root: String, usesUnnamedFiles: Bool = true) {
    self.init(root, medium: nil, usesUnnamedFiles: usesUnnamedFiles)
  }

  /// - Parameter medium: the marker that the folder must have for anything to be stored in it.
  init(_ root: String, medium: MediumMarker?, usesUnnamedFiles: Bool = true) {
    self.root = root
    self.medium = medium
    self.usesUnnamedFiles = usesUnnamedFiles
  }

  public func put(_ upload: Upload) throws(StorageError) {
    let key = try DirectoryKey(upload.key, root: root)
    let top = try openRoot()
    defer { close(top) }
    if let medium, try MediumMarker.read(in: top, root) != medium {
      throw StorageError(.noSuchStore, root, "the medium is not there any more", hint: "mount it again")
    }
    var tries = 0
    while true {
      do throws(StorageError) {
        let folder = try DirectoryFolder(top, key, creating: true)
        return try folder.write(upload.content, unnamed: usesUnnamedFiles) { tidy(top, key) }
      } catch {
        // Whoever prunes may remove an empty folder between its making and the file's.
        tries += 1
        guard error.code == .missing, tries < 3 else { throw error }
      }
    }
  }

  /// Once for each host's folder: that is where a killed process has left its files, in folders that nobody writes again.
  private func tidy(_ top: Int32, _ key: DirectoryKey) {
    guard let first = key.folder.split(separator: "/").first,
      monitor.locked({ tidied.insert(first).inserted })
    else { return }
    DirectoryWalk(root: root, top: top).removeLeftovers(below: "\(first)/")
  }

  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    let (file, size) = try open(key, maximumLength: maximumLength)
    defer { close(file) }
    return try DirectoryFolder.read(file, size: size, subject: "\(root)/\(key)")
  }

  public func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError) {
    let (file, size) = try open(key, maximumLength: maximumLength)
    defer { close(file) }
    try DirectoryFolder.read(file, size: size, into: object, subject: "\(root)/\(key)")
  }

  private func open(_ key: String, maximumLength: Int) throws(StorageError) -> (file: Int32, size: Int) {
    let (file, size) = try open(DirectoryKey(key, root: root))
    guard size <= maximumLength else {
      close(file)
      throw StorageError(.tooLong, "\(root)/\(key)", "the object is longer than \(maximumLength) bytes")
    }
    return (file, Int(size))
  }

  public func size(of key: String) throws(StorageError) -> UInt64? {
    do throws(StorageError) {
      let (file, size) = try open(DirectoryKey(key, root: root))
      close(file)
      return size
    } catch {
      if error.code == .missing { return nil }
      throw error
    }
  }

  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
    var objects: [ObjectSummary] = []
    let top = try openRoot()
    defer { close(top) }
    try DirectoryWalk(root: root, top: top).each(below: prefix) { object in
      objects.append(object)
      return true
    }
    return objects.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  public func listFolders(prefix: String) throws(StorageError) -> [String] {
    let top = try openRoot()
    defer { close(top) }
    let walk = DirectoryWalk(root: root, top: top)
    var folders: [String] = []
    for name in try walk.folders(in: prefix) {
      var hasObject = false
      try walk.each(below: "\(prefix)\(name)/") { _ in
        hasObject = true
        return false
      }
      if hasObject { folders.append(name) }
    }
    return folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Also removes the folders that are empty without it.
  public func remove(_ key: String) throws(StorageError) {
    let key = try DirectoryKey(key, root: root)
    let top = try openRoot()
    defer { close(top) }
    do throws(StorageError) {
      try DirectoryFolder(top, key, creating: false).remove()
    } catch {
      if error.code == .missing || error.code == .refused { return }
      throw error
    }
    var folder = key.folder
    while !folder.isEmpty, unlinkat(top, folder, AT_REMOVEDIR) == 0 {
      folder = folder.contains("/") ? Paths.parent(folder) : ""
    }
  }

  private func openRoot() throws(StorageError) -> Int32 {
    let top = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if top >= 0 { return top }
    let errno = Errno.current
    if errno == .noSuchFileOrDirectory || errno == .notDirectory {
      throw StorageError(
        .noSuchStore, root, "there is no such folder", hint: "make it with mkdir -m 700, or mount the disk it is on")
    }
    throw StorageError(errno, "open", root)
  }

  private func open(_ key: DirectoryKey) throws(StorageError) -> (file: Int32, size: UInt64) {
    let top = try openRoot()
    defer { close(top) }
    let file = OpenBeneath.open(top, key.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw StorageError(.current, "open", key.subject) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw StorageError(.missing, key.subject, "no such object")
    }
    return (file, UInt64(status.st_size))
  }
}
