/// Something that was restored, but not in every respect: an owner, an attribute or a time could not be set.
public struct ExtractionFinding: Sendable, Equatable {
  /// As in `Entry.path`.
  public let path: [UInt8]
  /// For people, lowercase, without the path.
  public let detail: String

  public init(path: [UInt8], detail: String) {
    self.path = path
    self.detail = detail
  }
}
