internal import Archive
internal import Files
internal import Policy
internal import Repository

/// All that a set backs up, in the order of a walk: what is found below its paths and, in their places between, what is
/// made for it.
final class SetSources {
  private let walker: TreeWalker
  /// In the order of a walk; those that were taken are gone, and the room they took with them.
  private var extras: [ExtraSource]
  private let spool: SourceSpool?

  /// Makes the copies of databases and, in mode `full`, runs the command.
  /// - Parameter spoolReserve: bytes that must stay free in the state folder.
  init(
    _ set: SetConfiguration, state: String, spoolReserve: UInt64, clock: () -> Timestamp, isCancelled: () -> Bool
  ) throws {
    walker = try set.walker()
    extras = []
    let command = DumpCommand(set)
    guard command != nil || !set.sqlite.isEmpty else {
      spool = nil
      return
    }
    let spool = try SourceSpool(state: state, reserve: spoolReserve)
    self.spool = spool
    for database in set.sqlite {
      extras.append(try DatabaseCopy.make(of: database, spool, isCancelled: isCancelled))
    }
    if let command {
      let entry = command.entry(at: clock())
      switch set.mode {
      case .incremental: extras.append(ExtraSource(entry: entry, content: .streamed(command)))
      case .full:
        let file = try spool.write { try command.run(isCancelled: isCancelled, into: $0) }
        extras.append(ExtraSource(entry: entry, content: .spooled(file)))
      }
    }
    extras.sort { walkOrder($0.entry.path, $1.entry.path) < 0 }
  }

  /// - Parameters:
  ///   - visit: called for each object of the tree that is to be stored.
  ///   - take: called for each extra, once.
  ///   - report: called for what cannot be visited.
  func walk(
    visit: (borrowing FoundEntry) throws -> Void, take: (ExtraSource) throws -> Void, report: (Finding) throws -> Void
  ) throws {
    let leftOut = Set(extras.flatMap(\.sideFiles))
    let replaced = Dictionary(
      extras.map { ($0.entry.path, $0.standsForFile) }, uniquingKeysWith: { first, _ in first })
    try walker.walk(
      visit: { found throws(any Error) in
        let path = found.entry.path
        while let next = extras.first, walkOrder(next.entry.path, path) <= 0 { try take(extras.removeFirst()) }
        if let standsForFile = replaced[path] {
          if !standsForFile {
            try report(Finding(.unsupported, path.displayPath, "left out: the command's output has this path"))
          }
        } else if !leftOut.contains(path) {
          try visit(found)
        }
      },
      report: { finding throws(any Error) in
        // A journal that comes and goes while the walk passes by is missed by nobody.
        guard replaced[finding.path] == nil, !leftOut.contains(finding.path) else { return }
        try report(Finding(finding))
      })
    while !extras.isEmpty { try take(extras.removeFirst()) }
  }
}
