internal import Archive
public import Digests

/// A stretch of content and the volume whose member `chunks/<sha256>` holds it.
public struct ChunkReference: Sendable, Hashable {
  /// The volume's `id` in `volumes.tsv`.
  public var volume: Int
  /// Bytes, at least 1.
  public var length: Int
  public var digest: SHA256Digest

  public init(volume: Int, length: Int, digest: SHA256Digest) {
    self.volume = volume
    self.length = length
    self.digest = digest
  }

  /// The name of the tar member that holds a chunk.
  public static func memberName(_ digest: SHA256Digest) -> String { "chunks/\(digest)" }

  /// The digest that a tar member's name says; nil for any other name.
  public static func digest(ofMember name: [UInt8]) -> SHA256Digest? {
    let prefix = Array("chunks/".utf8)
    guard name.starts(with: prefix) else { return nil }
    return SHA256Digest(hex: String(decoding: name[prefix.count...], as: UTF8.self))
  }

  init?(_ text: some StringProtocol) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 3, let volume = Int(fields[0]), volume > 0, let length = Int(fields[1]), length > 0,
      let digest = SHA256Digest(hex: fields[2])
    else { return nil }
    self.init(volume: volume, length: length, digest: digest)
  }
}

/// Lines of `contents.tsv`: where the content of each file is.
public enum ContentsListing {
  /// Appends the line of a file, with its line end.
  public static func append(_ chunks: some Collection<ChunkReference>, to line: inout [UInt8]) {
    if chunks.isEmpty {
      line.append(UInt8(ascii: "-"))
    } else if chunks.count == 1, let only = chunks.first {
      line.append(contentsOf: String(only.volume).utf8)
    } else {
      var isFirst = true
      for chunk in chunks {
        if !isFirst { line.append(UInt8(ascii: " ")) }
        isFirst = false
        line.append(contentsOf: "\(chunk.volume):\(chunk.length):\(chunk.digest)".utf8)
      }
    }
    line.append(UInt8(ascii: "\n"))
  }
}

/// The line of one file in `contents.tsv` while it is read, stretch by stretch: a file may have millions of chunks.
struct ContentsLine {
  private let entry: Entry
  private var total: UInt64 = 0
  private var count = 0
  private(set) var isComplete = false

  /// Chunks of one file: four terabytes and more of it.
  private static let chunkLimit = 1 << 24
  /// Chunks of a stretch.
  private static let stretch = 4096

  /// - Parameter entry: the file: its size and digest stand for those of a single chunk.
  init(of entry: Entry) { self.entry = entry }

  /// The next chunks, at most some thousand; to be called until `isComplete`.
  /// - Throws: where the line is missing or malformed, or its lengths don't add up to the file's size.
  mutating func next(from lines: ListingText) throws(ManifestError) -> [ChunkReference] {
    var chunks: [ChunkReference] = []
    while chunks.count < Self.stretch {
      guard let (field, isLast) = try lines.nextWord() else { throw ManifestError("contents.tsv", "ends early") }
      // Longer than any chunk's.
      guard field.count < 256 else { throw malformed("not a chunk") }
      let text = String(decoding: field, as: UTF8.self)
      if isLast, count == 0 {
        isComplete = true
        if text == "-" {
          guard entry.size == 0 else { throw malformed("no chunks for \(entry.size) bytes") }
          return []
        }
        if let volume = Int(text), volume > 0, let digest = entry.digest, entry.size > 0, entry.size <= Int.max {
          return [ChunkReference(volume: volume, length: Int(entry.size), digest: digest)]
        }
      }
      guard let chunk = ChunkReference(text) else { throw malformed("not a chunk: \(field.displayPath)") }
      let (sum, overflow) = total.addingReportingOverflow(UInt64(chunk.length))
      guard !overflow, sum <= entry.size else { throw malformed("its chunks hold more than \(entry.size) bytes") }
      guard count < Self.chunkLimit else { throw malformed("more than \(Self.chunkLimit) chunks") }
      total = sum
      count += 1
      chunks.append(chunk)
      guard isLast else { continue }
      isComplete = true
      guard total == entry.size else { throw malformed("its chunks hold \(total) bytes instead of \(entry.size)") }
      break
    }
    return chunks
  }

  private func malformed(_ reason: String) -> ManifestError {
    ManifestError("contents.tsv", "\(entry.path.displayPath): \(reason)")
  }
}

/// Lines of `listing.tsv`: where the pieces of a manifest's own long members are.
public enum ListingReferences {
  /// The members that `listing.tsv` may stand for.
  public static let members = ["links.tsv", "attributes.tsv", "contents.tsv", "files.mtree"]

  static func line(_ member: String, _ chunk: ChunkReference) -> String {
    "\(member)\t\(chunk.volume)\t\(chunk.length)\t\(chunk.digest)\n"
  }

  /// - Returns: by member, its chunks in order.
  static func parse(_ content: [UInt8]) throws(ManifestError) -> [String: [ChunkReference]] {
    var references: [String: [ChunkReference]] = [:]
    var total: UInt64 = 0
    for (number, line) in String(decoding: content, as: UTF8.self).split(separator: "\n").enumerated() {
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2, members.contains(String(fields[0])),
        let chunk = ChunkReference(
          fields[1].split(separator: "\t", omittingEmptySubsequences: false).joined(separator: ":"))
      else { throw ManifestError("listing.tsv", "line \(number + 1) is not a chunk of a listing") }
      let (sum, overflow) = total.addingReportingOverflow(UInt64(chunk.length))
      guard !overflow, sum <= ManifestText.lengthLimit else {
        throw ManifestError("listing.tsv", "stands for more than \(ManifestText.lengthLimit >> 30) GiB")
      }
      total = sum
      references[String(fields[0]), default: []].append(chunk)
    }
    return references
  }
}
