/// A catalog that does not hold: which line breaks it, and how.
public struct CatalogError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// A line is not a record, or its number or link to the line before is wrong.
    case broken
    /// The file could not be read or written.
    case inaccessible
  }
  public var code: Code
  public var subject: String
  /// From 1; nil where it is not about a line.
  public var line: Int?
  public var reason: String

  public init(_ code: Code, _ subject: String, line: Int? = nil, _ reason: String) {
    self.code = code
    self.subject = subject
    self.line = line
    self.reason = reason
  }

  public var description: String {
    if let line { "\(subject), line \(line): \(reason)" } else { "\(subject): \(reason)" }
  }
}
