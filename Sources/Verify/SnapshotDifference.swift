public import Archive
public import Repository

/// What is different at one path between two snapshots.
public struct SnapshotDifference: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case added
    case removed
    /// The kind, a file's content, a link's target or a device's number.
    case content
    /// Mode, owner, time, attributes or to which other names it is linked, and nothing else.
    case metadata
  }
  public var kind: Kind
  /// As it was; nil where it was added.
  public var old: Entry?
  /// As it is; nil where it was removed.
  public var new: Entry?

  /// The path that both have.
  public var path: [UInt8] { new?.path ?? old?.path ?? [] }

  /// Calls `body` with each difference, in the order of the listings, which are read side by side.
  /// - Throws: what `body` throws; `ManifestError` where a listing is malformed or out of order.
  public static func compare(
    _ old: Manifest, _ new: Manifest, _ body: (SnapshotDifference) throws -> Void
  ) throws {
    var (older, newer) = (OrderedListing(old), OrderedListing(new))
    defer {
      older.stop()
      newer.stop()
    }
    var (one, other) = (try older.next(), try newer.next())
    while one != nil || other != nil {
      let order = one.flatMap { one in other.map { walkOrder(one.path, $0.path) } } ?? (one == nil ? 1 : -1)
      if order < 0 {
        try body(SnapshotDifference(kind: .removed, old: one))
      } else if order > 0 {
        try body(SnapshotDifference(kind: .added, new: other))
      } else if let one, let other, let kind = change(one, other) {
        try body(SnapshotDifference(kind: kind, old: one, new: other))
      }
      if order <= 0 { one = try older.next() }
      if order >= 0 { other = try newer.next() }
    }
  }

  private static func change(_ old: Entry, _ new: Entry) -> Kind? {
    if old == new { return nil }
    let (oldKind, newKind) = (old.kind.withoutLinks, new.kind.withoutLinks)
    if oldKind != newKind || (newKind == .file && (old.digest != new.digest || old.size != new.size)) {
      return .content
    }
    let isSame =
      old.kind == new.kind && old.mode == new.mode && old.owner == new.owner && old.group == new.group
      && old.modified == new.modified && old.attributes == new.attributes
    return isSame ? nil : .metadata
  }
}

extension Entry.Kind {
  /// A hard link is one of several names of a file.
  fileprivate var withoutLinks: Entry.Kind { if case .hardLink = self { .file } else { self } }
}

/// A listing whose order is checked: a merge of listings that are out of order would be wrong without a word.
private struct OrderedListing {
  private let cursor: ListingCursor
  private var last: [UInt8]?

  init(_ manifest: Manifest) { cursor = ListingCursor(manifest) }

  mutating func next() throws -> Entry? {
    guard let entry = try cursor.next() else { return nil }
    if let last, walkOrder(last, entry.path) >= 0 {
      throw ManifestError("files.mtree", "entry \(cursor.index) is out of order")
    }
    last = entry.path
    return entry
  }

  func stop() { cursor.stop() }
}
