internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// One run of a `TreeWalker`. Used by one thread.
final class Walk {
  private let excludes: ExcludeRules
  private let oneFileSystem: Bool
  private let excludeCaches: Bool
  private let owners = OwnerNames()
  /// For `getdents64(2)`.
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
  private var spareNames: [DirectoryNames] = []
  /// In the walk's order, without duplicates.
  private var sources: [[UInt8]] = []
  private var visited: [Bool] = []
  /// The present object's path, as in `Entry.path` but empty for the root directory.
  private var path: [UInt8] = []

  init(excludes: ExcludeRules, oneFileSystem: Bool, excludeCaches: Bool) {
    self.excludes = excludes
    self.oneFileSystem = oneFileSystem
    self.excludeCaches = excludeCaches
  }

  deinit { buffer.deallocate() }

  func run<Failure: Error>(
    sources given: [[UInt8]], visit: (borrowing FoundEntry) throws(Failure) -> Void,
    report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    for source in given {
      guard let path = SourcePath.normalize(source) else {
        try report(WalkFinding(.unsupported, source, "not an absolute path without .. and NUL"))
        continue
      }
      sources.append(path)
    }
    sources.sort { walkOrder($0, $1) < 0 }
    sources = sources.indices.filter { $0 == 0 || sources[$0] != sources[$0 - 1] }.map { sources[$0] }
    visited = sources.map { _ in false }
    for index in sources.indices where !visited[index] {
      try start(index, visit, report)
      for inner in sources.indices where !visited[inner] && sources[inner].isBelow(sources[index]) {
        visited[inner] = true
        try reportUnreached(sources[inner], report)
      }
    }
  }

  /// Walks a source path from the outside: opens the directories above it, following links among them.
  private func start<Failure: Error>(
    _ index: Int, _ visit: (borrowing FoundEntry) throws(Failure) -> Void,
    _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    visited[index] = true
    let source = sources[index]
    let saved = path
    defer { path = saved }
    path = source == [UInt8(ascii: ".")] ? [] : source
    let opened = SourcePath.openParent(source)
    guard let parent = opened.descriptor else {
      return try report(Self.finding(source, opened.errno, missing: .missingPath))
    }
    defer { close(parent) }
    let name = opened.name
    guard
      let status = name.withUnsafeBufferPointer({ text in
        text.baseAddress.flatMap { FileStatus(directory: parent, name: $0) }
      })
    else {
      return try report(Self.finding(source, .current, missing: .missingPath))
    }
    let stack = DirectoryStack()
    let root = SourceRoot(parent: parent, pathLength: path.isEmpty ? 0 : path.count + 1, device: status.device)
    // The array stays alive and unchanged through the call, and with it the name's address.
    let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: name.count)
    defer { pointer.deallocate() }
    pointer.initialize(from: name, count: name.count)
    try visitObject(parent, pointer, status, root, stack, visit, report)
    try descend(root, stack, visit, report)
  }

  /// Where the present source path's walk began.
  private struct SourceRoot {
    let parent: Int32
    /// Bytes of the path buffer before the part that exclude patterns see.
    let pathLength: Int
    let device: UInt64
  }

  private func descend<Failure: Error>(
    _ root: SourceRoot, _ stack: DirectoryStack, _ visit: (borrowing FoundEntry) throws(Failure) -> Void,
    _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    while let level = stack.top {
      path.removeSubrange(level.pathLength...)
      guard let name = level.names.next() else {
        leave(root, stack)
        continue
      }
      guard level.descriptor >= 0 else {
        level.names.skipRest()
        try report(WalkFinding(.vanished, entryPath, "moved elsewhere while it was read"))
        continue
      }
      if !path.isEmpty { path.append(UInt8(ascii: "/")) }
      path.append(contentsOf: UnsafeRawBufferPointer(start: name, count: strlen(name)))
      if level.isCache, strcmp(name, CacheTag.name) != 0 {
        try skipped(visit, report)
        continue
      }
      guard let status = FileStatus(directory: level.descriptor, name: name) else {
        try report(Self.finding(path, .current, missing: .vanished))
        continue
      }
      // A source path on another file system has a walk of its own, which stays on that one.
      if isExcluded(status, root) || (isOutside(status, root) && sources.contains(path)) {
        try skipped(visit, report)
        continue
      }
      markVisited()
      try visitObject(level.descriptor, name, status, root, stack, visit, report)
    }
  }

  private func leave(_ root: SourceRoot, _ stack: DirectoryStack) {
    let above = stack.levels.dropLast().last
    let result = stack.pop(reopening: { [path] in
      guard let above else { return -1 }
      return SourcePath.openBelow(root.parent, path[..<above.pathLength], sourceLength: root.pathLength)
    })
    if let result, spareNames.count < 64 {
      result.names.shrink()
      spareNames.append(result.names)
    }
  }

  private func visitObject<Failure: Error>(
    _ directory: Int32, _ name: UnsafePointer<CChar>, _ status: FileStatus, _ root: SourceRoot,
    _ stack: DirectoryStack, _ visit: (borrowing FoundEntry) throws(Failure) -> Void,
    _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    let kind: Entry.Kind
    var size: UInt64 = 0
    switch status.kind {
    case .file:
      kind = .file
      size = status.size
    case .directory: kind = .directory
    case .symbolicLink:
      guard let target = Self.readLink(directory, name, status.size) else {
        return try report(Self.finding(entryPath, .current, missing: .vanished))
      }
      kind = .symbolicLink(target: target)
    case .fifo: kind = .fifo
    case .socket: return try report(WalkFinding(.skippedSocket, entryPath, "a socket has no content to keep"))
    case .characterDevice:
      kind = .characterDevice(major: redoubt_major(status.specialDevice), minor: redoubt_minor(status.specialDevice))
    case .blockDevice:
      kind = .blockDevice(major: redoubt_major(status.specialDevice), minor: redoubt_minor(status.specialDevice))
    case .other: return try report(WalkFinding(.unsupported, entryPath, "an unknown kind of object"))
    }
    let entry = Entry(
      path: entryPath, kind: kind, mode: status.mode, owner: status.owner, group: status.group,
      ownerName: owners.user(status.owner), groupName: owners.group(status.group), size: size,
      modified: status.modified)
    try visit(FoundEntry(entry: entry, status: status, directory: directory, name: name))
    guard status.kind == .directory else { return }
    if isOutside(status, root) { return try skippedBelow(visit, report) }
    if stack.contains(device: status.device, inode: status.inode) {
      return try report(WalkFinding(.unsupported, entryPath, "the same directory as one above it (a mount loop)"))
    }
    if try !enter(directory, name, status, stack, report) { try skippedBelow(visit, report) }
  }

  /// - Returns: false where the directory could not be read, which is reported.
  private func enter<Failure: Error>(
    _ directory: Int32, _ name: UnsafePointer<CChar>, _ status: FileStatus, _ stack: DirectoryStack,
    _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var descriptor = openat(directory, name, flags | redoubt_O_NOATIME)
    if descriptor < 0, errno == EPERM { descriptor = openat(directory, name, flags) }
    guard descriptor >= 0 else {
      let errno = Errno.current
      // Something else took its place: the directory is gone.
      let isGone = errno == .notDirectory || errno == .tooManySymbolicLinkLevels
      try report(Self.finding(entryPath, isGone ? .noSuchFileOrDirectory : errno, missing: .vanished))
      return false
    }
    let names = spareNames.popLast() ?? DirectoryNames()
    guard names.read(directory: descriptor, buffer: buffer) else {
      let errno = Errno.current
      close(descriptor)
      try report(Self.finding(entryPath, errno, missing: .vanished))
      return false
    }
    stack.push(
      DirectoryStack.Level(
        descriptor: descriptor, device: status.device, inode: status.inode, names: names, pathLength: path.count,
        isCache: excludeCaches && CacheTag.isIn(descriptor)))
    return true
  }

  private var entryPath: [UInt8] { path.isEmpty ? [UInt8(ascii: ".")] : path }

  private func isExcluded(_ status: FileStatus, _ root: SourceRoot) -> Bool {
    if excludes.isEmpty { return false }
    return path.withUnsafeBufferPointer { path in
      excludes.exclude(UnsafeBufferPointer(rebasing: path[root.pathLength...]), isDirectory: status.kind == .directory)
    }
  }

  private func isOutside(_ status: FileStatus, _ root: SourceRoot) -> Bool {
    // Of other objects the device means little: overlay file systems show files with the device below.
    oneFileSystem && status.kind == .directory && status.device != root.device
  }

  private func markVisited() {
    guard sources.count > 1 else { return }
    for index in sources.indices where !visited[index] && sources[index] == path { visited[index] = true }
  }

  /// The present object is left out; source paths at it or below it are not.
  private func skipped<Failure: Error>(
    _ visit: (borrowing FoundEntry) throws(Failure) -> Void, _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    guard sources.count > 1 else { return }
    let present = entryPath
    for index in sources.indices where !visited[index] && sources[index] == present {
      try start(index, visit, report)
    }
    try skippedBelow(visit, report)
  }

  private func skippedBelow<Failure: Error>(
    _ visit: (borrowing FoundEntry) throws(Failure) -> Void, _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    guard sources.count > 1 else { return }
    let present = entryPath
    for index in sources.indices where !visited[index] && sources[index].isBelow(present) {
      try start(index, visit, report)
    }
  }

  private func reportUnreached<Failure: Error>(
    _ source: [UInt8], _ report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    let opened = SourcePath.openParent(source)
    guard let parent = opened.descriptor else {
      return try report(Self.finding(source, opened.errno, missing: .missingPath))
    }
    defer { close(parent) }
    let status = opened.name.withUnsafeBufferPointer { text in
      text.baseAddress.flatMap { FileStatus(directory: parent, name: $0) }
    }
    guard status != nil else { return try report(Self.finding(source, .current, missing: .missingPath)) }
    try report(
      WalkFinding(.unsupported, source, "reached only through a symbolic link that is itself in the backup"))
  }

  private static func readLink(_ directory: Int32, _ name: UnsafePointer<CChar>, _ size: UInt64) -> [UInt8]? {
    // Some file systems (procfs) say 0; one byte more than the size shows that the target did not grow meanwhile.
    var capacity = max(Int(size) + 1, 256)
    while true {
      var length = 0
      let target = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        length = buffer.withMemoryRebound(to: CChar.self) { text in
          text.baseAddress.map { readlinkat(directory, name, $0, capacity) } ?? -1
        }
        count = max(length, 0)
      }
      if length < 0 { return nil }
      if length < capacity { return target }
      capacity *= 2
    }
  }

  private static func finding(_ path: [UInt8], _ errno: Errno, missing: WalkFinding.Code) -> WalkFinding {
    let path = path.isEmpty ? [UInt8(ascii: ".")] : path
    let isMissing = errno == .noSuchFileOrDirectory || (missing == .missingPath && errno == .notDirectory)
    return WalkFinding(isMissing ? missing : .unreadable, path, errno.description.lowercased())
  }
}
