internal import Files
internal import Glibc
internal import SystemPackage

/// The watches of one target, kept in step with its directories. Belongs to the thread that reads its events.
///
/// Three rules keep it right, whatever happens between an event and its being read: a directory is watched before it is
/// looked into; every directory that comes is looked into whole; where events were lost, all is looked into anew.
final class WatchTree {
  /// A watched directory at or below one of the target's paths.
  private final class Node {
    let watch: Int32
    /// Its own name; the whole path for a source.
    let name: [UInt8]
    let source: Int
    unowned let parent: Node?
    var children: [[UInt8]: Node] = [:]

    init(watch: Int32, name: [UInt8], source: Int, parent: Node?) {
      self.watch = watch
      self.name = name
      self.source = source
      self.parent = parent
    }

    /// Relative to the source; empty for it.
    var entry: [UInt8] {
      guard let parent else { return [] }
      return parent.entry.appending(name)
    }
  }

  /// A directory above sources: only some of its names matter.
  private struct Ancestor {
    var sources: [[UInt8]: Set<Int>] = [:]
  }

  private let inotify: Inotify
  private let sources: [[UInt8]]
  private let filter: WatchFilter
  private var nodes: [Int32: Node] = [:]
  private var tops: [Int: Node] = [:]
  private var ancestors: [Int32: Ancestor] = [:]
  private var missing: Set<Int> = []
  private var beyondLimit = 0
  private var unreachable = 0
  private var mustRebuild = false

  init(_ target: WatchTarget) throws(WatchError) {
    inotify = try Inotify()
    sources = target.paths.map { Array($0.utf8) }
    filter = target.filter
    rebuild()
  }

  /// Readable where events wait.
  var descriptor: Int32 { inotify.descriptor }

  var coverage: WatchCoverage {
    var coverage = WatchCoverage()
    coverage.directories = nodes.count + ancestors.count
    coverage.beyondLimit = beyondLimit
    coverage.unreachable = unreachable
    coverage.missing = missing.sorted().map { sources[$0].displayPath }
    return coverage
  }

  /// Looks into everything anew.
  func rebuild() {
    mustRebuild = false
    let (old, oldAncestors) = (nodes, ancestors)
    nodes = [:]
    tops = [:]
    ancestors = [:]
    beyondLimit = 0
    unreachable = 0
    for source in sources.indices { establish(source) }
    for watch in Set(old.keys).union(oldAncestors.keys) where !isUsed(watch) { inotify.remove(watch) }
  }

  /// Reads a batch of the events that wait.
  /// - Returns: whether any waited, whether anything that matters has changed, and whether events were lost.
  func readEvents() throws(WatchError) -> (any: Bool, changed: Bool, lost: Bool) {
    var changed = false
    var lost = false
    let any = try inotify.read { event in
      if event.mask.contains(.overflow) {
        (lost, changed, mustRebuild) = (true, true, true)
      } else if take(event) {
        changed = true
      }
    }
    if mustRebuild { rebuild() }
    return (any, changed, lost)
  }

  // MARK: Events

  /// - Returns: whether something has changed that matters.
  private func take(_ event: Inotify.Event) -> Bool {
    if event.mask.contains(.unmounted) {
      mustRebuild = true
      return true
    }
    if event.mask.contains(.ignored) {
      // The directory is gone; that its name went is an event of its own, unless its file system went with it.
      if let node = nodes.removeValue(forKey: event.watch), node.parent == nil { mustRebuild = true }
      if ancestors.removeValue(forKey: event.watch) != nil { mustRebuild = true }
      return false
    }
    var matters = false
    if let node = nodes[event.watch] { matters = take(event, in: node) }
    if let ancestor = ancestors[event.watch] { matters = take(event, above: ancestor) || matters }
    return matters
  }

  private func take(_ event: Inotify.Event, in node: Node) -> Bool {
    // Of the directory itself: its attributes matter. That it goes is told by the one above it.
    if event.name.isEmpty { return event.mask.contains(.attributes) }
    let isDirectory = event.mask.contains(.directory)
    let entry = node.entry.appending(event.name)
    if filter.excludes(sources[node.source], entry, isDirectory) { return false }
    if isDirectory, !event.mask.isDisjoint(with: .names) {
      if let child = node.children.removeValue(forKey: event.name) { drop(child) }
      if !event.mask.isDisjoint(with: [.created, .movedTo]) { scan(source: node.source, entry: entry, parent: node) }
    }
    return true
  }

  private func take(_ event: Inotify.Event, above ancestor: Ancestor) -> Bool {
    guard let affected = ancestor.sources[event.name] else { return false }
    let namesChanged = !event.mask.isDisjoint(with: .names)
    for source in affected where namesChanged { establish(source) }
    return namesChanged || !event.mask.isDisjoint(with: .contents)
  }

  // MARK: Watches

  /// Watches the directories above a source, and the source itself where it is a directory.
  private func establish(_ source: Int) {
    if let top = tops.removeValue(forKey: source) { drop(top) }
    for (watch, var ancestor) in ancestors {
      for name in ancestor.sources.keys { ancestor.sources[name]?.remove(source) }
      ancestor.sources = ancestor.sources.filter { !$0.value.isEmpty }
      ancestors[watch] = ancestor.sources.isEmpty ? nil : ancestor
      if ancestor.sources.isEmpty, !isUsed(watch) { inotify.remove(watch) }
    }
    missing.remove(source)
    let path = sources[source]
    let names = path.split(separator: UInt8(ascii: "/"))
    var above: [UInt8] = [UInt8(ascii: "/")]
    for (index, name) in names.enumerated() {
      switch inotify.add(above, .names, follows: true) {
      case .success(let watch): ancestors[watch, default: Ancestor()].sources[Array(name), default: []].insert(source)
      case .failure(let errno):
        if errno == .noSpace { beyondLimit += 1 }
        // What may be entered and not read cannot be watched; what is below it can.
        if errno == .permissionDenied { unreachable += 1 }
        if errno == .noSuchFileOrDirectory || errno == .notDirectory {
          missing.insert(source)
          return
        }
      }
      if index < names.count - 1 {
        above = index == 0 ? [UInt8(ascii: "/")] + name : above + [UInt8(ascii: "/")] + name
      }
    }
    // After its directory is watched: what comes from now on is an event.
    switch Self.kind(path) {
    case nil: missing.insert(source)
    case S_IFDIR: scan(source: source, entry: [], parent: nil)
    // A file is watched through its directory, because editors put a new one in its place.
    default: _ = inotify.add(above, [.names, .contents], follows: true)
    }
  }

  /// Watches a directory and all below it.
  private func scan(source: Int, entry: [UInt8], parent: Node?) {
    // Below a directory that could not be watched they are only counted.
    var pending: [(entry: [UInt8], parent: Node?, isCounted: Bool)] = [(entry, parent, false)]
    let device = filter.staysOnFileSystem ? OpenFolder(sources[source])?.device : nil
    while let (entry, parent, isCounted) = pending.popLast() {
      let path = sources[source].appending(entry)
      guard let folder = OpenFolder(path) else {
        if Errno.current == .permissionDenied || Errno.current == .fileNameTooLong { unreachable += 1 }
        continue
      }
      if let device, folder.device != device { continue }
      if filter.excludesContent(folder.descriptor) { continue }
      var node: Node?
      if !isCounted { node = watch(path, source: source, parent: parent) }
      if node == nil { beyondLimit += 1 }
      for name in folder.folders() {
        let below = entry.appending(name)
        if !filter.excludes(sources[source], below, true) { pending.append((below, node, node == nil)) }
      }
    }
  }

  /// - Returns: nil where it cannot be watched.
  private func watch(_ path: [UInt8], source: Int, parent: Node?) -> Node? {
    guard case .success(let watch) = inotify.add(path, [.names, .contents], follows: false) else { return nil }
    let node = Node(watch: watch, name: parent == nil ? path : Array(path.lastName), source: source, parent: parent)
    nodes[watch] = node
    if let parent { parent.children[node.name] = node } else { tops[source] = node }
    return node
  }

  /// Unwatches a directory and all below it.
  private func drop(_ node: Node) {
    var pending = [node]
    while let node = pending.popLast() {
      pending += node.children.values
      // The same directory may have been found at its new place meanwhile.
      guard nodes[node.watch] === node else { continue }
      nodes[node.watch] = nil
      if !isUsed(node.watch) { inotify.remove(node.watch) }
    }
  }

  private func isUsed(_ watch: Int32) -> Bool { nodes[watch] != nil || ancestors[watch] != nil }

  /// The file type bits of what is there; nil where there is nothing. A link as the last component is not followed.
  private static func kind(_ path: [UInt8]) -> mode_t? {
    var status = stat()
    let result = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in text.baseAddress.map { lstat($0, &status) } ?? -1 }
    }
    return result == 0 ? status.st_mode & S_IFMT : nil
  }
}

extension [UInt8] {
  /// As a path with one more component.
  func appending(_ name: [UInt8]) -> [UInt8] {
    isEmpty ? name : name.isEmpty ? self : self + [UInt8(ascii: "/")] + name
  }

  /// The last component of a path.
  var lastName: ArraySlice<UInt8> { self[((lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...] }
}
