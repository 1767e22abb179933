/// Finds chunks by the first eight bytes of their digest.
///
/// Digests are random: putting each new one in its place at once would rewrite thousands of pages with every volume. So the
/// newest are held in memory, some `limit` at most, beside a row for each volume that lists them, and go into the table in
/// order when there are more.
final class PrefixTable {
  private let database: Database
  private let set: Int64
  private let finding: Statement
  private let insertion: Statement
  private let noting: Statement
  /// The chunks that are not in the table, by prefix.
  private var recent: [Int64: [Int64]] = [:]
  private var recentCount = 0
  private var rollbacks = 0
  private static let limit = 100_000

  init(_ database: Database, set: Int64) throws(IndexError) {
    self.database = database
    self.set = set
    finding = try database.prepare("SELECT id FROM prefixes_\(set) WHERE prefix = ?")
    insertion = try database.prepare(
      "INSERT INTO prefixes_\(set) (prefix, id) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM chunks_\(set) WHERE id = ?2)")
    noting = try database.prepare("INSERT INTO recent_\(set) (volume, chunks) VALUES (?, ?)")
    try load()
  }

  /// Reads what is not in the table.
  private func load() throws(IndexError) {
    recent = [:]
    recentCount = 0
    rollbacks = database.rollbacks
    let volumes = try database.prepare("SELECT chunks FROM recent_\(set)")
    let prefix = try database.prepare("SELECT prefix FROM chunks_\(set) WHERE id = ?")
    defer { volumes.reset() }
    while try volumes.step() {
      guard let chunks = ChunkList.decode(volumes.bytes(0)) else {
        throw IndexError(.damaged, database.path, "a volume's list of chunks is malformed")
      }
      for chunk in chunks {
        prefix.bind(1, chunk.number)
        if try prefix.step() { remember(prefix.integer(0), chunk.number) }
        prefix.reset()
      }
    }
  }

  /// Has `find` find a new chunk.
  func remember(_ prefix: Int64, _ id: Int64) {
    recent[prefix, default: []].append(id)
    recentCount += 1
  }

  /// The chunks with a prefix, among them perhaps some that are gone.
  func find(_ prefix: Int64) throws(IndexError) -> [Int64] {
    if rollbacks != database.rollbacks { try load() }
    finding.bind(1, prefix)
    defer { finding.reset() }
    var numbers = recentCount == 0 ? [] : recent[prefix] ?? []
    while try finding.step() { numbers.append(finding.integer(0)) }
    return numbers
  }

  /// Makes it last which chunks a volume has brought; all of them are remembered.
  func note(_ chunks: [ChunkID], of volume: VolumeID) throws(IndexError) {
    noting.bind(1, volume.number)
    noting.bind(2, ChunkList.encode(chunks))
    try noting.run()
    if recentCount > Self.limit { try write() }
  }

  private func write() throws(IndexError) {
    for prefix in recent.keys.sorted() {
      for id in recent[prefix] ?? [] {
        insertion.bind(1, prefix)
        insertion.bind(2, id)
        try insertion.run()
      }
    }
    try database.execute("DELETE FROM recent_\(set)")
    recent = [:]
    recentCount = 0
  }
}
