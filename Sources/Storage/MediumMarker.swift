internal import Digests
public import Files
internal import Glibc
internal import SystemPackage

/// The file that says of a folder that it is on a backup medium, and on which: the folder that a medium is mounted on has
/// none.
public struct MediumMarker: Sendable, Equatable {
  public static let name = ".redoubt-destination"
  /// 32 lowercase hexadecimal digits.
  public let id: String

  /// A new medium's.
  /// - Parameter random: 16 random bytes.
  public init(random: [UInt8] = randomBytes(16)) { id = Hex.encode(random) }

  private init(id: String) { self.id = id }

  private var text: String {
    """
    # A backup medium of redoubt(1): without this file nothing is stored in this folder.
    id = \(id)

    """
  }

  /// Makes the file, durably.
  /// - Throws: `EEXIST` where there is one.
  public func write(in folder: String) throws(FileError) {
    try FileContent.write(Array(text.utf8), to: "\(folder)/\(Self.name)", mode: 0o644, existing: .refuse)
  }

  /// The marker of a folder; nil where the folder or the marker is not there.
  /// - Throws: where there is one that cannot be read or is none.
  public static func read(in folder: String) throws(StorageError) -> MediumMarker? {
    let top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard top >= 0 else {
      let errno = Errno.current
      if absences.contains(errno) { return nil }
      throw StorageError(errno, "open", folder)
    }
    defer { close(top) }
    return try read(in: top, folder)
  }

  /// The marker of an open folder, which cannot become another one meanwhile.
  static func read(in top: Int32, _ folder: String) throws(StorageError) -> MediumMarker? {
    let subject = "\(folder)/\(name)"
    let file = openat(top, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      let errno = Errno.current
      if errno == .noSuchFileOrDirectory { return nil }
      throw StorageError(errno, "open", subject)
    }
    defer { close(file) }
    var content = [UInt8](repeating: 0, count: 1024)
    let count = retryingInterrupts { Glibc.read(file, &content, content.count) }
    guard count >= 0 else { throw StorageError(.current, "read", subject) }
    for line in String(decoding: content[..<count], as: UTF8.self).split(separator: "\n") where line.hasPrefix("id = ")
    {
      let id = line.dropFirst(5)
      let isValid = id.utf8.count == 32 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase }
      if isValid { return MediumMarker(id: String(id)) }
    }
    throw StorageError(
      .refused, subject, "is no marker of a backup medium",
      hint: "remove it, and make a new one with 'redoubt init --destination'; everything is then sent once more")
  }

  /// What the system says of a folder whose medium is not there; an automounter says one of the last four.
  private static let absences: [Errno] = [
    .noSuchFileOrDirectory, .notDirectory, Errno(rawValue: ENODEV), Errno(rawValue: ENXIO), Errno(rawValue: ENOMEDIUM),
    Errno(rawValue: EHOSTDOWN),
  ]
}
