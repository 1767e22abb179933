internal import CLinux
public import Files
internal import Glibc
internal import SystemPackage

/// Makes entries below a target directory and nowhere else, whatever their names and whatever links lie there.
///
/// For each entry call `create` and write a file's content; last `finishDirectories`. Directories above an entry that are
/// missing are made with mode 755. `create` and `finishDirectories` belong to one thread; an `ExtractedFile` may be
/// written and finished on another.
public final class Extractor {
  public struct Options: Sendable {
    /// Makes character and block devices; else they are refused.
    public var devices = false
    /// Replaces what exists, by removing it first; a directory is kept and gets the entry's metadata.
    public var overwrite = false
    /// Leaves it to the caller to call `finishDirectory` for each directory. For targets that were empty, or may be
    /// overwritten: which directories were there before is not looked at.
    public var leavesDirectories = false
    /// Gives everything its owner and group by number; else all belongs to who runs this.
    public var owners = ServiceUser.canChangeOwners

    public init() {}
  }

  private let target: Int32
  private let options: Options
  private let chain: DirectoryChain
  private let linkTargets: DirectoryChain
  private let report: @Sendable (ExtractionFinding) -> Void
  private var directories: [Entry] = []
  /// Directories made for entries below them that have not come themselves.
  private var impliedDirectories: Set<[UInt8]> = []

  /// - Parameters:
  ///   - target: an existing directory; links in this path are followed.
  ///   - report: takes what was made but not as the entry says, on the thread that finds it.
  public init(
    target: String, options: Options = Options(), report: @escaping @Sendable (ExtractionFinding) -> Void
  ) throws(FileError) {
    let descriptor = Glibc.open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", target, .current) }
    self.target = descriptor
    self.options = options
    self.report = report
    chain = DirectoryChain(root: descriptor)
    linkTargets = DirectoryChain(root: descriptor)
  }

  deinit { close(target) }

  /// Makes an object. A directory's metadata waits for `finishDirectories` or `finishDirectory`; a file's for `ExtractedFile.finish`; all else
  /// is complete.
  /// - Returns: where to write the content of a file; nil for every other kind.
  /// - Throws: `ArchiveError` `refused` for a path or kind that is not allowed and for a name that is taken, `system` where
  ///   the system refused. Other entries may still be made.
  public func create(_ entry: Entry) throws(ArchiveError) -> ExtractedFile? {
    let components = try Self.components(entry.path)
    guard let name = components.last else {
      guard entry.kind == .directory else { throw Self.refused(entry.path, "the target directory is not that") }
      if !options.leavesDirectories { directories.append(entry) }
      return nil
    }
    switch entry.kind {
    case .characterDevice, .blockDevice:
      guard options.devices else {
        throw ArchiveError(
          .refused, entry.path.displayPath, "device nodes are not restored", hint: "allow devices to restore it")
      }
    default: break
    }
    let parent = try open(components.dropLast(), of: entry.path)
    if case .hardLink(let path) = entry.kind {
      try makeHardLink(entry, to: path, parent, name)
      return nil
    }
    // Created in the caller's stead, so that the C string lives as long as the call.
    let made: Result<ExtractedFile?, ArchiveError> = DirectoryChain.withName(name) { text in
      Result { () throws(ArchiveError) in try make(entry, parent, text) }
    }
    return try made.get()
  }

  /// Opens a file that an extractor made and did not finish, to go on writing it.
  /// - Throws: `ArchiveError` where it is not there any more, or not a file.
  public func reopen(_ entry: Entry) throws(ArchiveError) -> ExtractedFile {
    let components = try Self.components(entry.path)
    guard let name = components.last else { throw Self.refused(entry.path, "the target directory is no file") }
    let parent = try open(components.dropLast(), of: entry.path)
    let descriptor = DirectoryChain.withName(name) {
      openat(parent, $0, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    guard descriptor >= 0 else { throw Self.failed("open", entry.path, .current) }
    return ExtractedFile(descriptor: descriptor, entry: entry, owners: options.owners, report: report)
  }

  /// Makes the directories above an entry where they are missing, so that several extractors may make entries in them.
  public func makeParents(of path: [UInt8]) throws(ArchiveError) {
    _ = try open(Self.components(path).dropLast(), of: path)
  }

  private func make(_ entry: Entry, _ parent: Int32, _ name: UnsafePointer<CChar>) throws(ArchiveError)
    -> ExtractedFile?
  {
    switch entry.kind {
    case .directory: try makeDirectory(entry, parent, name)
    case .file:
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
      let descriptor = try replacing(entry, parent, name) { openat(parent, name, flags, 0o600) }
      return ExtractedFile(descriptor: descriptor, entry: entry, owners: options.owners, report: report)
    case .symbolicLink(let link):
      _ = try DirectoryChain.withName(link[...]) { text in
        Result { () throws(ArchiveError) in try replacing(entry, parent, name) { symlinkat(text, parent, name) } }
      }.get()
      finish(entry, parent, name)
    case .fifo:
      try node(entry, parent, name, S_IFIFO, 0)
    case .characterDevice(let major, let minor):
      try node(entry, parent, name, S_IFCHR, dev_t(redoubt_makedev(major, minor)))
    case .blockDevice(let major, let minor):
      try node(entry, parent, name, S_IFBLK, dev_t(redoubt_makedev(major, minor)))
    case .hardLink: break
    }
    return nil
  }

  private func node(
    _ entry: Entry, _ parent: Int32, _ name: UnsafePointer<CChar>, _ type: mode_t, _ device: dev_t
  ) throws(ArchiveError) {
    _ = try replacing(entry, parent, name) { mknodat(parent, name, type | 0o600, device) }
    finish(entry, parent, name)
  }

  private func finish(_ entry: Entry, _ parent: Int32, _ name: UnsafePointer<CChar>) {
    MetadataRestorer(entry: entry, owners: options.owners, report: report).restore(directory: parent, name: name)
  }

  private func makeDirectory(_ entry: Entry, _ parent: Int32, _ name: UnsafePointer<CChar>) throws(ArchiveError) {
    var isOurs = impliedDirectories.remove(entry.path) != nil
    if !isOurs {
      if mkdirat(parent, name, 0o700) == 0 {
        isOurs = true
      } else if errno == EEXIST {
        let isDirectory = FileStatus(directory: parent, name: name)?.kind == .directory
        if !isDirectory {
          _ = try replacing(entry, parent, name) { mkdirat(parent, name, 0o700) }
          isOurs = true
        }
      } else {
        throw Self.failed("create", entry.path, .current)
      }
    }
    if options.leavesDirectories { return }
    if isOurs || options.overwrite {
      directories.append(entry)
    } else {
      report(ExtractionFinding(path: entry.path, detail: "the directory existed before and keeps its metadata"))
    }
  }

  /// Makes something new; where the name is taken and may be replaced, removes what is there first.
  private func replacing(
    _ entry: Entry, _ parent: Int32, _ name: UnsafePointer<CChar>, _ make: () -> Int32
  ) throws(ArchiveError) -> Int32 {
    let result = make()
    if result >= 0 { return result }
    guard errno == EEXIST else { throw Self.failed("create", entry.path, .current) }
    guard options.overwrite else {
      throw ArchiveError(
        .refused, entry.path.displayPath, "it exists", hint: "restore to an empty directory, or allow overwriting")
    }
    if unlinkat(parent, name, 0) != 0, errno != EISDIR || unlinkat(parent, name, AT_REMOVEDIR) != 0 {
      throw Self.failed("replace", entry.path, .current)
    }
    let second = make()
    guard second >= 0 else { throw Self.failed("create", entry.path, .current) }
    return second
  }

  private func makeHardLink(_ entry: Entry, to path: [UInt8], _ parent: Int32, _ name: ArraySlice<UInt8>)
    throws(ArchiveError)
  {
    let components = try Self.components(path, of: entry.path)
    guard let targetName = components.last else { throw Self.refused(entry.path, "a hard link to a directory") }
    let directory: Int32
    do throws(FileError) {
      directory = try linkTargets.directory(components.dropLast())
    } catch {
      throw Self.refused(entry.path, "its hard link's target \(path.displayPath) cannot be reached: \(error.errno)")
    }
    let result: Result<Int32, ArchiveError> = DirectoryChain.withName(targetName) { old in
      DirectoryChain.withName(name) { new in
        Result { () throws(ArchiveError) in
          // Without AT_SYMLINK_FOLLOW a link as the target is linked itself.
          try replacing(entry, parent, new) { linkat(directory, old, parent, new, 0) }
        }
      }
    }
    _ = try result.get()
  }

  /// Removes a file, link or node that this extractor made; for content that turned out to be damaged.
  public func remove(_ path: [UInt8]) throws(ArchiveError) {
    let components = try Self.components(path)
    guard let name = components.last else { throw Self.refused(path, "the target directory is never removed") }
    let parent = try open(components.dropLast(), of: path)
    guard DirectoryChain.withName(name, { unlinkat(parent, $0, 0) }) == 0 else {
      throw Self.failed("remove", path, .current)
    }
  }

  /// Gives directories their metadata, the deepest first; call it after the last `create` and `finish`.
  public func finishDirectories() {
    directories.sort { walkOrder($0.path, $1.path) > 0 }
    for entry in directories { finishDirectory(entry) }
    directories = []
    impliedDirectories = []
  }

  /// Gives one directory its metadata, after all that lies in it.
  public func finishDirectory(_ entry: Entry) {
    let restorer = MetadataRestorer(entry: entry, owners: options.owners, report: report)
    do throws(ArchiveError) {
      let components = try Self.components(entry.path)
      restorer.restore(descriptor: try open(components[...], of: entry.path))
    } catch {
      report(ExtractionFinding(path: entry.path, detail: "its metadata was not restored: \(error.reason)"))
    }
  }

  private func open(_ components: ArraySlice<ArraySlice<UInt8>>, of path: [UInt8]) throws(ArchiveError) -> Int32 {
    do throws(FileError) {
      return try chain.directory(components) { parent, name, path in
        guard mkdirat(parent, name, 0o755) == 0 else { return -1 }
        if !self.options.leavesDirectories { self.impliedDirectories.insert(path) }
        return 0
      }
    } catch {
      switch error.errno {
      // What O_DIRECTORY | O_NOFOLLOW answers for a link, and for anything else that is no directory.
      case .notDirectory, .tooManySymbolicLinkLevels:
        throw Self.refused(path, "\(error.path) is not a directory but a link or a file")
      default: throw ArchiveError(.system, path.displayPath, error.description)
      }
    }
  }

  /// A path's components; none for the target itself.
  private static func components(_ path: [UInt8], of subject: [UInt8]? = nil) throws(ArchiveError)
    -> [ArraySlice<UInt8>]
  {
    let dot = UInt8(ascii: ".")
    if path == [dot] { return [] }
    let components = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for component in components {
      let isDots = component == [dot] || component == [dot, dot]
      guard !component.isEmpty, !isDots, !component.contains(0) else {
        throw refused(subject ?? path, "\(path.displayPath) is not a plain path below the target")
      }
    }
    return components
  }

  private static func refused(_ path: [UInt8], _ reason: String) -> ArchiveError {
    ArchiveError(.refused, path.displayPath, reason)
  }

  private static func failed(_ operation: String, _ path: [UInt8], _ errno: Errno) -> ArchiveError {
    let isFull = errno == .noSpace || errno == .diskQuotaExceeded
    return ArchiveError(
      isFull ? .full : .system, path.displayPath, "cannot \(operation) it: \(errno.description.lowercased())",
      hint: isFull ? "make room, or restore to another file system" : nil)
  }
}
