/// Values by key; set 0 stands for the whole index.
enum Values {
  static func read(_ database: Database, _ set: Int64, _ key: String) throws(IndexError) -> [UInt8]? {
    let statement = try database.prepare("SELECT value FROM values_of WHERE set_id = ? AND key = ?")
    defer { statement.reset() }
    statement.bind(1, set)
    statement.bind(2, text: key)
    return try statement.step() ? statement.array(0) : nil
  }

  static func write(
    _ database: Database, _ set: Int64, _ key: String, _ value: [UInt8]?
  ) throws(IndexError) {
    try database.begin()
    let statement = try database.prepare(
      value == nil
        ? "DELETE FROM values_of WHERE set_id = ? AND key = ?"
        : "INSERT OR REPLACE INTO values_of (set_id, key, value) VALUES (?, ?, ?)")
    statement.bind(1, set)
    statement.bind(2, text: key)
    if let value { statement.bind(3, value) }
    try statement.run()
  }
}
