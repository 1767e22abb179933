/// Something that could not be walked as it should; the walk goes on.
public struct WalkFinding: Sendable, Equatable {
  public enum Code: String, Sendable {
    /// The system refused to read it.
    case unreadable
    /// It was there and then it was not.
    case vanished
    /// A socket: there is nothing in it to keep.
    case skippedSocket = "skipped-socket"
    /// A source path that does not exist.
    case missingPath = "missing-path"
    /// Something that cannot be kept or that would never end.
    case unsupported
  }

  public let code: Code
  /// As in `Entry.path`.
  public let path: [UInt8]
  /// For people, lowercase, without the path.
  public let detail: String

  public init(_ code: Code, _ path: [UInt8], _ detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }
}
