internal import Digests
internal import Files
internal import Repository

/// How far one of the keeper's catalogs goes: its own, or that of a shard.
public struct CatalogHead: Sendable, Equatable {
  /// The shard's folder; nil for the keeper's own catalog.
  public var shard: String?
  /// How many records it has, archived ones among them.
  public var records: Int
  /// SHA-256 of the last record's line, in hexadecimal.
  public var digest: String

  public init(shard: String?, records: Int, digest: String) {
    self.shard = shard
    self.records = records
    self.digest = digest
  }

  /// Of all catalogs below a keeper's state folder that have a record; a last line that is not whole is passed over.
  static func all(in folder: String) throws(VerifyError) -> [CatalogHead] {
    var heads: [CatalogHead] = []
    do {
      for place in [folder] + (try Shard.folders(in: folder)) {
        let path = "\(place)/catalog.jsonl"
        guard Paths.exists(path) else { continue }
        let content = try FileContent.read(path)
        guard let end = content.lastIndex(of: UInt8(ascii: "\n")), end > 0 else { continue }
        let start = content[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = Array(content[start..<end])
        let record = try CatalogRecord(line: line, subject: path, number: 0)
        let shard = place == folder ? nil : String(place.dropFirst(folder.utf8.count + 1))
        heads.append(CatalogHead(shard: shard, records: record.sequence, digest: SHA256.digest(line).hex))
      }
    } catch {
      throw VerifyError(.state, "\(error)")
    }
    return heads
  }
}
