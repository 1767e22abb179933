internal import Archive
internal import Files
internal import Repository

/// The files of a snapshot that have content, with what restoring them takes: about 32 bytes and the name for each.
///
/// Filled by one thread; read by any once it is full.
final class FileTable: @unchecked Sendable {
  // Changed by the thread that fills it alone, before others get to see it.
  private struct Record {
    /// Where the name and the folder's path begin in `text`, each ended by a NUL.
    var name: UInt32
    var folder: UInt32
    var ownership: UInt32
    var nanoseconds: Int32
    var seconds: Int64
    var size: UInt64
  }
  private struct Ownership: Hashable {
    var mode: UInt32
    var owner: UInt32
    var group: UInt32
  }
  private var records: [Record] = []
  private var text: [UInt8] = [0]
  private var ownerships: [Ownership] = []
  private var ownershipNumbers: [Ownership: UInt32] = [:]
  private var attributes: [Int: [ExtendedAttribute]] = [:]
  private var lastFolder: (path: ArraySlice<UInt8>, offset: UInt32) = ([], 0)

  /// - Parameter expected: how many files there may be.
  init(expected: Int) { records.reserveCapacity(min(max(expected, 0), 1 << 22)) }

  var count: Int { records.count }

  /// - Returns: the file's number, from 0.
  /// - Throws: where there are more than 4 GiB of names.
  func add(_ entry: Entry) throws -> Int {
    let slash = entry.path.lastIndex(of: UInt8(ascii: "/"))
    let folder = entry.path[..<(slash ?? 0)]
    if !folder.elementsEqual(lastFolder.path) { lastFolder = (folder, try append(folder)) }
    let ownership = Ownership(mode: entry.mode, owner: entry.owner, group: entry.group)
    if !entry.attributes.isEmpty { attributes[records.count] = entry.attributes }
    records.append(
      Record(
        name: try append(entry.path[(slash.map { $0 + 1 } ?? 0)...]), folder: lastFolder.offset,
        ownership: number(ownership), nanoseconds: entry.modified.nanoseconds, seconds: entry.modified.seconds,
        size: entry.size))
    return records.count - 1
  }

  private func append(_ bytes: ArraySlice<UInt8>) throws -> UInt32 {
    guard let offset = UInt32(exactly: text.count) else { throw ManifestError("files.mtree", "too many names") }
    text += bytes
    text.append(0)
    return offset
  }

  private func number(_ ownership: Ownership) -> UInt32 {
    if let number = ownershipNumbers[ownership] { return number }
    let number = UInt32(ownerships.count)
    ownerships.append(ownership)
    ownershipNumbers[ownership] = number
    return number
  }

  func size(_ file: Int) -> UInt64 { records[file].size }

  func path(_ file: Int) -> [UInt8] {
    let record = records[file]
    let name = string(record.name)
    let folder = string(record.folder)
    return folder.isEmpty ? Array(name) : folder + [UInt8(ascii: "/")] + name
  }

  private func string(_ offset: UInt32) -> ArraySlice<UInt8> {
    let start = Int(offset)
    var end = start
    while text[end] != 0 { end += 1 }
    return text[start..<end]
  }

  /// The file as an entry, without owners' names and digest.
  func entry(_ file: Int) -> Entry {
    let record = records[file]
    let ownership = ownerships[Int(record.ownership)]
    return Entry(
      path: path(file), kind: .file, mode: ownership.mode, owner: ownership.owner, group: ownership.group,
      size: record.size, modified: Timestamp(seconds: record.seconds, nanoseconds: record.nanoseconds),
      attributes: attributes[file] ?? [])
  }
}
