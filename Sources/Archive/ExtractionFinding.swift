/// Something that was restored, but not in every respect: an owner, an attribute or a time could not be set.
public struct ExtractionFinding: Sendable, Equatable {
  /// As in `Entry.path`.
  public let path: [UInt8]
  /// For people, lowercase, without the path.
  public let detail: String
  /// Whether it would have taken root, and this process is not.
  public let needsRoot: Bool

  public init(path: [UInt8], detail: String, needsRoot: Bool = false) {
    self.path = path
    self.detail = detail
    self.needsRoot = needsRoot
  }
}
