/// Text that must never be shown: whatever prints, dumps or debugs it sees `[redacted]`.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself, for signing and for headers alone.
  public let exposed: String

  public init(_ text: String) { exposed = text }

  public var description: String { "[redacted]" }
  public var debugDescription: String { "[redacted]" }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
