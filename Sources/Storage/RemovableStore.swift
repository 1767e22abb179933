internal import Files
internal import Glibc
internal import SystemPackage

/// A place whose medium may not be there: what a node can ask before it stores anything.
public protocol RemovableWriter: ObjectWriter {
  /// - Throws: where that cannot be told.
  func presence() throws(StorageError) -> MediumPresence
}

public enum MediumPresence: Sendable {
  case mounted(MountedMedium)
  /// How that is known, lowercase; and what to do about it.
  case absent(reason: String, hint: String)
}

/// A medium that was there a moment ago.
public struct MountedMedium: Sendable {
  /// What the medium is known by, wherever it is mounted.
  public let id: String
  /// Stores to this medium and no other: once it is gone every `put` throws `noSuchStore`, whatever is in its place.
  public let writer: any ObjectWriter
  /// Whether an object of this key is on it.
  public let holds: @Sendable (String) throws(StorageError) -> Bool

  public init(
    id: String, writer: any ObjectWriter, holds: @escaping @Sendable (String) throws(StorageError) -> Bool
  ) {
    self.id = id
    self.writer = writer
    self.holds = holds
  }
}

/// A folder on a medium that is connected at times.
///
/// Nothing is ever written into a folder without a marker: that is the empty folder which the medium is mounted on, and
/// what would be written there fills the wrong disk.
public final class RemovableStore: RemovableWriter {
  private let root: String

  /// - Parameter root: an absolute path.
  public init(_ root: String) { self.root = root }

  public func presence() throws(StorageError) -> MediumPresence {
    if let marker = try MediumMarker.read(in: root) {
      let store = DirectoryStore(root, medium: marker)
      return .mounted(
        MountedMedium(id: marker.id, writer: store) { key throws(StorageError) in try store.size(of: key) != nil })
    }
    guard access(root, F_OK) == 0 else {
      return .absent(reason: "\(root) does not exist", hint: "connect and mount the medium")
    }
    return .absent(
      reason: "\(root) has no file \(MediumMarker.name)",
      hint: "mount the medium; a new one is prepared once with 'redoubt init --destination NAME'")
  }

  public func put(_ upload: Upload) throws(StorageError) {
    switch try presence() {
    case .mounted(let medium): try medium.writer.put(upload)
    case .absent(let reason, let hint): throw StorageError(.noSuchStore, root, "not mounted: \(reason)", hint: hint)
    }
  }
}
