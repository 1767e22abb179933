public import Digests
public import Files

/// Follows a catalog line by line and holds its chain: numbers from 1 without gaps, each line linked to the one before. A
/// line that stands for archived records leads from the one before the first of them to the last.
public struct CatalogChain: Sendable, Equatable {
  public private(set) var sequence: Int
  /// SHA-256 of the last line; zero before the first.
  public private(set) var head: SHA256Digest

  public init() {
    sequence = 0
    head = .zero
  }

  /// Continues after a head that is known already.
  public init(sequence: Int, head: SHA256Digest) {
    self.sequence = sequence
    self.head = head
  }

  /// Takes the next lines.
  /// - Parameter lines: whole ones, each with its newline.
  /// - Returns: the records, and after each the chain's head and how many of the bytes are behind it.
  /// - Throws: `.broken` where one does not continue the chain; those before it have been taken then.
  public mutating func read(
    _ lines: [UInt8], subject: String
  ) throws(CatalogError) -> [(record: CatalogRecord, head: SHA256Digest, end: Int)] {
    let reader = CatalogLineReader()
    var taken: [(record: CatalogRecord, head: SHA256Digest, end: Int)] = []
    var start = 0
    while let newline = lines[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let number = sequence + 1
      let read = lines.withUnsafeBytes { bytes in
        reader.read(UnsafeRawBufferPointer(rebasing: bytes[start..<newline]))
      }
      let line: CatalogLine
      do { line = try read.get() } catch { throw CatalogError(.broken, subject, line: number, error.reason) }
      if case .archived = line.record.event {
        throw CatalogError(
          .broken, subject, line: number, "stands for archived records, which a keeper's catalog may have")
      }
      try take(line.record, line.digest, subject: subject, number: number)
      start = newline + 1
      taken.append((line.record, line.digest, start))
    }
    guard start == lines.count else { throw CatalogError(.broken, subject, "does not end with a whole line") }
    return taken
  }

  /// Takes the next line.
  /// - Parameters:
  ///   - digest: the line's.
  ///   - number: the line's, for the error.
  mutating func take(
    _ record: CatalogRecord, _ digest: SHA256Digest, subject: String, number: Int
  ) throws(CatalogError) {
    guard record.sequence == sequence + 1 else {
      throw CatalogError(.broken, subject, line: number, "record \(record.sequence) where \(sequence + 1) is due")
    }
    guard record.previous == head else {
      throw CatalogError(.broken, subject, line: number, "does not continue the line before it")
    }
    guard case .archived(let run) = record.event else {
      sequence += 1
      head = digest
      return
    }
    guard run.last > sequence, let last = SHA256Digest(hex: run.head) else {
      throw CatalogError(.broken, subject, line: number, "does not say which archived records it stands for")
    }
    sequence = run.last
    head = last
  }

  /// Makes the next record and its line.
  public mutating func append(_ event: CatalogEvent, at time: Timestamp) throws(CatalogError) -> (
    record: CatalogRecord, line: [UInt8]
  ) {
    let record = CatalogRecord(
      sequence: sequence + 1, previous: head, time: Timestamp(seconds: time.seconds), event: event)
    let line = try record.line
    sequence += 1
    head = SHA256.digest(line)
    return (record, line)
  }
}
