internal import Channels
internal import Digests
internal import Files
internal import Synchronization

/// A catalog's file as it was read: its records, held to their chain.
///
/// Large files are read by several threads, each a part of the lines with a buffer of its own; that each line continues
/// the one before is held afterwards.
struct CatalogScan {
  var records: [CatalogRecord] = []
  var chain = CatalogChain()
  /// Bytes of whole lines.
  var size = 0
  /// What stands behind the last newline: the trace of a crash, or of an append that goes on just now.
  var rest: [UInt8] = []

  /// Bytes that a thread is worth being started for.
  private static let partSize = 1 << 20
  private static let threadLimit = 8

  /// Empty where there is no such file.
  /// - Throws: `.broken` with the first line that is no record or does not continue the chain.
  init(_ path: String) throws(CatalogError) {
    guard Paths.exists(path) else { return }
    let file: LineFile
    do throws(FileError) {
      file = try LineFile(path)
      (size, rest) = try file.ends()
    } catch {
      throw CatalogError(.inaccessible, path, "\(error)")
    }
    let count = min(workerCount(configured: 0), Self.threadLimit, 1 + size / Self.partSize)
    var parts: [Part]
    if count == 1 {
      parts = [Part(file, 0..<size)]
    } else {
      let size = size
      let read = Mutex([Part?](repeating: nil, count: count))
      onThreads(count) { number in
        let part = Part(file, size * number / count..<size * (number + 1) / count)
        read.withLock { $0[number] = part }
      }
      parts = read.withLock { $0.compactMap(\.self) }
    }
    try join(&parts, path)
  }

  private mutating func join(_ parts: inout [Part], _ path: String) throws(CatalogError) {
    records.reserveCapacity(parts.reduce(0) { $0 + $1.records.count })
    var number = 0
    for position in parts.indices {
      for (record, digest) in zip(parts[position].records, parts[position].digests) {
        number += 1
        try chain.take(record, digest, subject: path, number: number)
      }
      if let failure = parts[position].failure {
        throw CatalogError(failure.code, path, line: failure.code == .broken ? number + 1 : nil, failure.reason)
      }
      records += parts[position].records
      parts[position] = Part()
    }
  }
}

/// The lines of a part of a file, each by itself.
private struct Part: Sendable {
  var records: [CatalogRecord] = []
  var digests: [SHA256Digest] = []
  /// Why the line after them is no record.
  var failure: (code: CatalogError.Code, reason: String)?

  init() {}

  /// Reads the lines that begin in `range`.
  init(_ file: LineFile, _ range: Range<Int>) {
    let reader = CatalogLineReader()
    do throws(FileError) {
      try file.forEachLine(beginningIn: range) { line in
        guard let line else {
          failure = (.broken, "longer than \(LineFile.lengthLimit >> 20) MiB")
          return false
        }
        switch reader.read(line) {
        case .success(let line):
          records.append(line.record)
          digests.append(line.digest)
          return true
        case .failure(let error):
          failure = (.broken, error.reason)
          return false
        }
      }
    } catch {
      failure = (.inaccessible, "\(error)")
    }
  }
}
