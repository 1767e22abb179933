internal import Compression
internal import Digests
internal import Files

/// The archives of a keeper's catalog: files of the exact lines that were moved, each a zstd frame.
///
/// What they hold is bound by the catalog's own chain: the run that stands for the records names the link into the first
/// of them, and the head after the last. Not safe for concurrent use.
public final class CatalogArchives {
  /// Beside the catalog.
  static let folder = "catalog"
  /// Bytes of lines; far more than a rotation moves.
  private static let lengthLimit = 1 << 30

  private let path: String
  private var known: [String: [Int: CatalogLine]] = [:]

  /// - Parameter catalog: the catalog's path.
  public init(of catalog: String) { path = "\(Paths.parent(catalog))/\(Self.folder)" }

  static func name(_ number: Int) -> String {
    let digits = String(number)
    return "archive-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).jsonl.zst"
  }

  static func number(_ name: String) -> Int? {
    guard name.hasPrefix("archive-"), name.hasSuffix(".jsonl.zst") else { return nil }
    return Int(name.dropFirst(8).prefix { $0 != "." })
  }

  /// The records with those that were archived in their places.
  /// - Throws: `.broken` where an archive does not have the records that it should; `.inaccessible` where it is not there.
  public func whole(_ records: [CatalogRecord]) throws(CatalogError) -> [CatalogRecord] {
    var whole: [CatalogRecord] = []
    for record in records {
      if case .archived(let run) = record.event { whole += try expand(record, run) } else { whole.append(record) }
    }
    return whole
  }

  /// What is wrong with the archives: missing, changed, or not what the catalog's chain asks for.
  public func findings(_ records: [CatalogRecord]) -> [Finding] {
    var findings: [Finding] = []
    for record in records {
      switch record.event {
      case .rotation(let rotation):
        let name = "\(Self.folder)/\(rotation.archive)"
        do throws(FileError) {
          let content = try FileContent.read("\(path)/\(rotation.archive)")
          if SHA256.digest(content).hex != rotation.digest {
            findings.append(Finding(.wrongDigest, name, "is not what the rotation of \(record.time.rfc3339) wrote"))
          }
        } catch {
          findings.append(Finding(.missing, name, "\(error)"))
        }
      case .archived(let run):
        do throws(CatalogError) { _ = try expand(record, run) } catch {
          findings.append(Finding(.gap, "records \(record.sequence) to \(run.last)", "\(error)"))
        }
      default: break
      }
    }
    return findings
  }

  private func expand(_ place: CatalogRecord, _ run: ArchivedRun) throws(CatalogError) -> [CatalogRecord] {
    var chain = CatalogChain(sequence: place.sequence - 1, head: place.previous)
    var records: [CatalogRecord] = []
    let subject = run.archives.joined(separator: ", ")
    for archive in run.archives where known[archive] == nil { known[archive] = try load(archive) }
    while chain.sequence < run.last {
      let number = chain.sequence + 1
      guard let line = run.archives.lazy.compactMap({ self.known[$0]?[number] }).first else {
        throw CatalogError(.broken, subject, "record \(number) is missing")
      }
      do throws(CatalogError) { try chain.take(line.record, line.digest, subject: subject, number: number) } catch {
        throw CatalogError(.broken, subject, "record \(number) \(error.reason)")
      }
      records.append(line.record)
    }
    guard chain.head.hex == run.head else {
      throw CatalogError(.broken, subject, "record \(run.last) is not the one that the catalog continues")
    }
    return records
  }

  private func load(_ name: String) throws(CatalogError) -> [Int: CatalogLine] {
    guard Self.number(name) != nil else { throw CatalogError(.broken, name, "is no archive's name") }
    let content: [UInt8]
    do throws(FileError) { content = try FileContent.read("\(path)/\(name)", maximumLength: Self.lengthLimit) } catch {
      throw CatalogError(.inaccessible, name, "\(error)")
    }
    let lines: [UInt8]
    do throws(ZstdError) { lines = try Decompressor().decompress(content, maximumLength: Self.lengthLimit) } catch {
      throw CatalogError(.broken, name, "\(error)")
    }
    let reader = CatalogLineReader()
    var loaded: [Int: CatalogLine] = [:]
    var start = 0
    while let newline = lines[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let read = lines.withUnsafeBytes { reader.read(UnsafeRawBufferPointer(rebasing: $0[start..<newline])) }
      do throws(UnreadableRecord) {
        let line = try read.get()
        loaded[line.record.sequence] = line
      } catch {
        throw CatalogError(.broken, name, error.reason)
      }
      start = newline + 1
    }
    return loaded
  }
}
