internal import Archive
internal import Digests
internal import Files
internal import Repository

/// Takes the needed chunks out of volumes, proves each and writes it to wherever it belongs. One for each thread.
final class ContentWriter {
  private let needs: ContentNeeds
  private let faults: ContentFaults
  private let findings: FindingList
  private let tree: ContentTree?
  private let extractor: Extractor?
  private let hash = SHA256()

  /// - Parameter tree: nil to prove alone.
  init(_ needs: ContentNeeds, _ faults: ContentFaults, _ findings: FindingList, _ tree: ContentTree?) throws {
    self.needs = needs
    self.faults = faults
    self.findings = findings
    self.tree = tree
    extractor = try tree?.makeExtractor()
  }

  /// Goes through the members of a volume.
  /// - Throws: where the target could not be written; what is wrong with the volume is noted.
  func take(_ volume: VolumeRecord, _ tar: [UInt8]) throws {
    var needs = try self.needs.needs(of: volume)
    var piece: [UInt8]? = tar
    let archive = TarReader {
      defer { piece = nil }
      return piece
    }
    while let member = try nextMember(archive, volume) {
      guard member.kind == .file, member.dataExtents == nil, let digest = ChunkReference.digest(ofMember: member.path)
      else {
        findings.add(Finding(.entryUnexpected, member.path.displayPath, "is in \(volume.name) but is no chunk"))
        continue
      }
      let wanted = try needs.find(digest)
      guard !wanted.isEmpty, let bytes = try content(of: member, archive, volume) else { continue }
      try deliver(bytes, digest, wanted, &needs)
    }
    try needs.conclude(faults)
  }

  /// Takes nothing from a volume that is damaged.
  func lose(_ volume: VolumeRecord) throws {
    var needs = try self.needs.needs(of: volume)
    try needs.conclude(faults)
  }

  private func nextMember(_ archive: TarReader, _ volume: VolumeRecord) throws -> Entry? {
    do { return try archive.next() } catch {
      findings.add(Finding(.malformed, volume.name, "\(error)"))
      return nil
    }
  }

  /// A volume is one piece of memory, and so is each member in it: nothing is copied.
  private func content(of member: Entry, _ archive: TarReader, _ volume: VolumeRecord) throws -> ArraySlice<UInt8>? {
    do {
      let bytes = try archive.readData()?.bytes ?? []
      if UInt64(bytes.count) == member.size { return bytes }
    } catch {
      findings.add(Finding(.malformed, volume.name, "\(error)"))
      return nil
    }
    findings.add(Finding(.malformed, volume.name, "\(member.path.displayPath) is cut short"))
    return nil
  }

  private func deliver(
    _ bytes: ArraySlice<UInt8>, _ digest: SHA256Digest, _ wanted: Range<Int>, _ needs: inout VolumeNeeds
  ) throws {
    bytes.withUnsafeBytes { hash.update($0) }
    guard hash.finish() == digest else {
      for number in wanted where needs.state(number) == .waiting { needs.set(number, .mismatched) }
      return
    }
    let content = bytes.isAllZero ? nil : bytes
    for number in wanted where needs.state(number) == .waiting || needs.state(number) == .mismatched {
      let need = try needs[number]
      needs.set(number, need.length == bytes.count ? try write(content, need) : .mismatched)
    }
  }

  private func write(_ content: ArraySlice<UInt8>?, _ need: ChunkNeed) throws -> VolumeNeeds.State {
    guard let tree, let extractor else { return .delivered }
    // It could not be made.
    if faults[need.entry] == .refused { return .refused }
    let entry = try tree.entries.entry(at: need.record).entry
    do {
      if UInt64(need.length) == entry.size {
        try writeWhole(content, entry, extractor)
      } else {
        try tree.largeFiles.write(content, need, of: entry, with: extractor)
      }
      return .delivered
    } catch let error as ArchiveError {
      // No room is no property of one entry: everything after it would fail in the same way.
      if error.code == .full { throw error }
      tree.notes.add(error, entry)
      return .refused
    }
  }

  /// Makes, writes and finishes a file of one chunk.
  private func writeWhole(_ content: ArraySlice<UInt8>?, _ entry: Entry, _ extractor: Extractor) throws {
    guard let file = try extractor.create(entry) else { return }
    do {
      if let content { try file.write(content, at: 0) }
      try file.finish()
    } catch {
      do { try extractor.remove(entry.path) } catch {
        tree?.notes.add(entry.path, "it is incomplete: \(error.reason)", .machine)
      }
      throw error
    }
  }
}

extension ArraySlice<UInt8> {
  /// Whether there is no other byte than 0: then a hole says the same.
  fileprivate var isAllZero: Bool {
    withUnsafeBytes { bytes in
      var position = 0
      while position + 8 <= bytes.count {
        if bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) != 0 { return false }
        position += 8
      }
      return bytes[position...].allSatisfy { $0 == 0 }
    }
  }
}
