public import Digests
public import Files
internal import Glibc

/// A catalog on disk: JSON Lines, appended and fsynced, never edited.
///
/// One owner at a time (the state's lock); not safe for concurrent use.
public final class CatalogFile {
  public let path: String
  /// All records in order.
  public private(set) var records: [CatalogRecord]
  /// Where a torn last line was set aside, if one was found on opening.
  public private(set) var tornLineFile: String?
  private(set) var chain: CatalogChain
  /// Bytes of whole lines.
  private(set) var size: Int

  /// Opens or creates the file and checks the whole chain.
  ///
  /// A last line without newline (a crash in mid-append) is moved into a file beside the catalog and reported through
  /// `tornLineFile`.
  /// - Parameter mayBeRotated: whether records of it may stand in archives; a node's may not.
  /// - Throws: `.broken` with the line that breaks the chain; nothing is changed then.
  public init(_ path: String, mayBeRotated: Bool = false, now: Timestamp) throws(CatalogError) {
    self.path = path
    let scan = try CatalogScan(path)
    if !mayBeRotated, scan.records.count != scan.chain.sequence {
      throw CatalogError(.broken, path, "has archived records, which a node's catalog may not")
    }
    (records, chain, size) = (scan.records, scan.chain, scan.size)
    if !scan.rest.isEmpty { try setAside(scan.rest, now: now) }
  }

  /// Opens the file for reading alone: changes nothing, and passes over a last line that is not whole.
  public init(reading path: String) throws(CatalogError) {
    self.path = path
    let scan = try CatalogScan(path)
    (records, chain, size) = (scan.records, scan.chain, scan.size)
  }

  /// The last record's number, archived ones counted.
  public var sequence: Int { chain.sequence }
  /// SHA-256 of the last line; zero where there is none.
  public var head: SHA256Digest { chain.head }

  /// Reads the file again, which something of ours has rewritten.
  func reload() throws(CatalogError) {
    let scan = try CatalogScan(path)
    (records, chain, size) = (scan.records, scan.chain, scan.size)
  }

  /// The records of a catalog that another process may be appending to: changes nothing, and passes over a last line
  /// that is not whole. None where there is no such file.
  public static func records(_ path: String) throws(CatalogError) -> [CatalogRecord] { try CatalogScan(path).records }

  /// Adds a record; it is durable once this returns, and nothing of it stays where it could not be written.
  @discardableResult
  public func append(_ event: CatalogEvent, at time: Timestamp) throws(CatalogError) -> CatalogRecord {
    var next = chain
    let (record, line) = try next.append(event, at: time)
    let created = !Paths.exists(path)
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw inaccessible("open") }
    defer { close(file) }
    do throws(FileError) {
      try FileContent.writeAll(line + [UInt8(ascii: "\n")], to: file, path: path)
      guard fsync(file) == 0 else { throw FileError("sync", path, .current) }
      if created { try FileContent.syncFolder(Paths.parent(path)) }
    } catch {
      // Best effort: a torn line that stays is set aside on the next opening.
      ftruncate(file, off_t(size))
      throw CatalogError(.inaccessible, path, "\(error)")
    }
    chain = next
    size += line.count + 1
    records.append(record)
    return record
  }

  /// The lines after record number `sequence`, each with its newline.
  public func lines(after sequence: Int) throws(CatalogError) -> [UInt8] {
    let content: [UInt8]
    do { content = try FileContent.read(path) } catch { throw CatalogError(.inaccessible, path, "\(error)") }
    let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    return Array(lines.dropFirst(sequence).map { Array($0) + [UInt8(ascii: "\n")] }.joined())
  }

  private func setAside(_ torn: [UInt8], now: Timestamp) throws(CatalogError) {
    let aside = "\(path).torn-\(now.basic)"
    do throws(FileError) { try FileContent.write(torn, to: aside) } catch {
      throw CatalogError(.inaccessible, path, "\(error)")
    }
    guard truncate(path, off_t(size)) == 0 else { throw inaccessible("truncate") }
    tornLineFile = aside
  }

  private func inaccessible(_ operation: String) -> CatalogError {
    CatalogError(.inaccessible, path, "\(FileError(operation, path, .current))")
  }
}
