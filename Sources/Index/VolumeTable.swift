/// The volumes of a set that hold living chunks.
final class VolumeTable {
  private let database: Database
  private let table: String
  private let reading: Statement
  private let changing: Statement
  private static let columns = "id, name, uploaded, stored, plain, live, record, checksum"

  init(_ database: Database, set: Int64) throws(IndexError) {
    self.database = database
    table = "volumes_\(set)"
    reading = try database.prepare("SELECT \(Self.columns) FROM \(table) WHERE id = ?")
    changing = try database.prepare("UPDATE \(table) SET live = live + ? WHERE id = ?")
  }

  func find(_ id: VolumeID) throws(IndexError) -> VolumeRecord? {
    reading.bind(1, id.number)
    defer { reading.reset() }
    return try reading.step() ? try record(reading) : nil
  }

  func all() throws(IndexError) -> [VolumeRecord] {
    let statement = try database.prepare("SELECT \(Self.columns) FROM \(table) ORDER BY id")
    defer { statement.reset() }
    var volumes: [VolumeRecord] = []
    while try statement.step() { volumes.append(try record(statement)) }
    return volumes
  }

  func insert(
    _ name: String, uploaded: Int64, stored: Int, plain: Int, record: [UInt8]
  ) throws(IndexError) -> VolumeID {
    let statement = try database.prepare(
      "INSERT INTO \(table) (name, uploaded, stored, plain, live, record, checksum) VALUES (?, ?, ?, ?, 0, ?, ?)")
    statement.bind(1, text: name)
    statement.bind(2, uploaded)
    statement.bind(3, stored)
    statement.bind(4, plain)
    statement.bind(5, record)
    statement.bind(6, Self.checksum(name, uploaded, stored, plain, record))
    try statement.run()
    return VolumeID(number: try database.number("SELECT last_insert_rowid()"))
  }

  func setRecord(_ id: VolumeID, _ record: [UInt8]) throws(IndexError) {
    guard let old = try find(id) else { return }
    let statement = try database.prepare("UPDATE \(table) SET record = ?, checksum = ? WHERE id = ?")
    statement.bind(1, record)
    statement.bind(2, Self.checksum(old.name, old.uploaded, old.storedBytes, old.plainBytes, record))
    statement.bind(3, id.number)
    try statement.run()
  }

  func addLiveBytes(_ id: VolumeID, _ count: Int) throws(IndexError) {
    changing.bind(1, count)
    changing.bind(2, id.number)
    try changing.run()
  }

  private func record(_ row: Statement) throws(IndexError) -> VolumeRecord {
    let volume = VolumeRecord(
      id: VolumeID(number: row.integer(0)), name: row.text(1), uploaded: row.integer(2),
      storedBytes: Int(row.integer(3)), plainBytes: Int(row.integer(4)), liveBytes: Int(row.integer(5)),
      record: row.array(6))
    let expected = Self.checksum(
      volume.name, volume.uploaded, volume.storedBytes, volume.plainBytes, volume.record)
    guard expected == row.integer(7) else {
      throw IndexError(.damaged, database.path, "a volume's row does not match its checksum")
    }
    return volume
  }

  private static func checksum(
    _ name: String, _ uploaded: Int64, _ stored: Int, _ plain: Int, _ record: [UInt8]
  ) -> Int64 {
    var checksum = RowChecksum()
    checksum.add(Array(name.utf8))
    checksum.add(uploaded)
    checksum.add(Int64(stored))
    checksum.add(Int64(plain))
    checksum.add(record)
    return checksum.value
  }
}
