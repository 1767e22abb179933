/// What went wrong with an archive, a listing or an extraction: damage in what is read, wrong use, or a refused entry.
public struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// An exclude pattern that means nothing.
    case invalidPattern
    /// An entry that the format cannot hold, or calls out of order.
    case invalidEntry
    /// The archive ends in the middle of a member.
    case truncated
    /// Bytes that are not what the format demands.
    case malformed
    /// An entry that would leave the target directory, write through a link or replace what is there.
    case refused
    /// No room is left, or over quota.
    case full
    /// A system call failed.
    case system
  }

  public let code: Code
  /// The entry's path, the pattern, or the line that this is about.
  public let subject: String
  public let reason: String
  /// How to mend it; nil where nothing can be said.
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var description: String { subject.isEmpty ? reason : "\(subject): \(reason)" }
}
