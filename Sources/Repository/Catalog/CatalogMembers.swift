public import JSON

extension CatalogRecord {
  /// The record as JSON: the members of its line, in their order there.
  public var members: [JSONValue.Member] {
    get throws(CatalogError) {
      let line = try self.line
      let reader = JSONReader()
      do {
        return try line.withUnsafeBytes { try reader.read($0).members }
      } catch {
        throw CatalogError(.broken, "catalog record \(sequence)", "cannot be read again: \(error)")
      }
    }
  }
}
