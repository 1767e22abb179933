/// Visits every object below some paths in a well-defined order (`walkOrder`), on directory descriptors: paths of any
/// length, no change of the working directory. Only what the walk itself needs is read; content never.
public struct TreeWalker: Sendable {
  /// Absolute paths of files, directories or symbolic links (which are themselves visited, not what they point to).
  public var sources: [[UInt8]]
  /// Never applied to a source path itself.
  public var excludes: ExcludeRules
  /// Directories on another file system than their source path are visited, but not what is in them.
  public var oneFileSystem: Bool
  /// Of directories with a valid `CACHEDIR.TAG` (https://bford.info/cachedir/) only that tag is visited.
  public var excludeCaches: Bool

  public init(
    sources: [[UInt8]], excludes: ExcludeRules = .none, oneFileSystem: Bool = false, excludeCaches: Bool = false
  ) {
    self.sources = sources
    self.excludes = excludes
    self.oneFileSystem = oneFileSystem
    self.excludeCaches = excludeCaches
  }

  /// Visits everything once, each directory before its contents, in the order of `walkOrder`, on the calling thread.
  ///
  /// A source path inside another one is part of that one's walk; where that walk leaves it out (a pattern, another file
  /// system, an unreadable directory above it), it is visited nevertheless, in its place in the order. The directories
  /// above a source path are not visited.
  /// - Parameters:
  ///   - visit: called for each object but sockets.
  ///   - report: called for what cannot be visited; findings come near their place in the order.
  /// - Throws: what `visit` or `report` throws, at once. The walk itself never fails.
  public func walk<Failure: Error>(
    visit: (borrowing FoundEntry) throws(Failure) -> Void, report: (WalkFinding) throws(Failure) -> Void
  ) throws(Failure) {
    let walk = Walk(excludes: excludes, oneFileSystem: oneFileSystem, excludeCaches: excludeCaches)
    try walk.run(sources: sources, visit: visit, report: report)
  }
}
