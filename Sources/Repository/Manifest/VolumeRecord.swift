public import Digests

/// One line of `volumes.tsv`: a stored volume, and what it must be.
public struct VolumeRecord: Sendable, Equatable {
  /// Relative to the host's root: `keys/20261121T020000Z-7f3a/volume-000001.tar.zst.gpg`.
  public var name: String
  /// Bytes and digest of the stored object.
  public var size: Int
  public var digest: SHA256Digest
  /// Bytes and digest of the decrypted message: a zstd frame.
  public var plainSize: Int
  public var plainDigest: SHA256Digest
  /// Bytes of the piece of tar in that frame.
  public var tarSize: Int
  /// How many entries' members began in earlier volumes.
  public var firstEntry: Int
  /// Whether the piece begins in the middle of a member.
  public var startsInside: Bool
  /// What `contents.tsv` and `listing.tsv` call the volume: positive, unique in the manifest.
  public var id: Int

  public init(
    name: String, size: Int, digest: SHA256Digest, plainSize: Int, plainDigest: SHA256Digest, tarSize: Int,
    firstEntry: Int, startsInside: Bool, id: Int
  ) {
    self.name = name
    self.size = size
    self.digest = digest
    self.plainSize = plainSize
    self.plainDigest = plainDigest
    self.tarSize = tarSize
    self.firstEntry = firstEntry
    self.startsInside = startsInside
    self.id = id
  }

  static let header = "#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid\n"

  /// The line, with its line end.
  public var line: String {
    "\(name)\t\(size)\t\(digest)\t\(plainSize)\t\(plainDigest)\t\(tarSize)\t\(firstEntry)\t\(startsInside ? 1 : 0)\t\(id)\n"
  }

  /// Volumes of one snapshot: 8 TiB in those of 16 MiB.
  static let countLimit = 1 << 19
  /// Bytes of tar in a volume that a node makes at most.
  public static let tarLimit = 64 << 20
  /// Bytes of a volume, stored and unpacked: a reader has some in memory. The ends of an archive and what encryption adds
  /// come to the tar.
  static let sizeLimit = tarLimit + 8 << 20

  /// Reads a whole `volumes.tsv`. Names that lead out of the host's root, negative or impossible numbers are refused.
  static func parse(_ lines: ListingText) throws(ManifestError) -> [VolumeRecord] {
    var volumes: [VolumeRecord] = []
    guard let first = try lines.nextLine(), first.elementsEqual(header.utf8.dropLast()) else {
      throw ManifestError("volumes.tsv", "unknown columns")
    }
    while let line = try lines.nextLine() {
      guard let volume = VolumeRecord(line: Substring(decoding: line, as: UTF8.self)) else {
        throw ManifestError("volumes.tsv", "line \(lines.line - 1) is not a volume")
      }
      guard volumes.count < countLimit else { throw ManifestError("volumes.tsv", "more than \(countLimit) volumes") }
      volumes.append(volume)
    }
    return volumes
  }

  /// - Returns: nil for anything but a line of `volumes.tsv` (without its line end) whose name stays below the host's root.
  public init?(line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 9, Self.isSafe(fields[0]), let size = Self.size(fields[1]),
      let digest = SHA256Digest(hex: fields[2]), let plainSize = Self.size(fields[3]),
      let plainDigest = SHA256Digest(hex: fields[4]), let tarSize = Self.size(fields[5]),
      let firstEntry = Int(fields[6]), firstEntry >= 0, fields[7] == "0" || fields[7] == "1",
      let id = Int(fields[8]), id > 0
    else { return nil }
    self.init(
      name: String(fields[0]), size: size, digest: digest, plainSize: plainSize, plainDigest: plainDigest,
      tarSize: tarSize, firstEntry: firstEntry, startsInside: fields[7] == "1", id: id)
  }

  private static func size(_ field: Substring) -> Int? {
    Int(field).flatMap { (0...sizeLimit).contains($0) ? $0 : nil }
  }

  /// Three components (set, snapshot, volume), none of which climbs.
  private static func isSafe(_ name: Substring) -> Bool {
    let components = name.split(separator: "/", omittingEmptySubsequences: false)
    return components.count == 3 && isValidName(String(components[0])) && SnapshotID(components[1]) != nil
      && components[2].hasPrefix("volume-") && components[2].hasSuffix(".tar.zst.gpg")
      && isValidName(String(components[2]))
  }
}
