internal import Archive
internal import Digests
internal import Files
internal import Policy
internal import Repository

/// Packs a set's sources into one self-contained tar stream and its listing (mode `full`).
///
/// What cannot be read becomes a finding; the archive stays whole whatever the sources do meanwhile. Belongs to the
/// thread that reads the sources.
final class FullArchiver {
  private let assembler: VolumeAssembler
  private let manifest: ManifestWriter
  private let secrets: SecretGuard
  private let pax: PaxWriter
  private let hash = SHA256()
  private let report: (Finding) -> Void
  private let progress: (SnapshotContent) throws -> Void
  private var links = HardLinks()
  private(set) var content = SnapshotContent()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FullArchiver.bufferSize, alignment: 4096)

  /// Files up to this size are read whole before anything of them is written, so that they are packed as they were at
  /// one moment. Larger ones are read in pieces of this size.
  private static let bufferSize = 1 << 20

  /// - Parameters:
  ///   - report: called for each finding.
  ///   - progress: called after each entry and each piece of a large file; what it throws ends the packing.
  init(
    assembler: VolumeAssembler, manifest: ManifestWriter, secrets: SecretGuard, report: @escaping (Finding) -> Void,
    progress: @escaping (SnapshotContent) throws -> Void
  ) {
    self.assembler = assembler
    self.manifest = manifest
    self.secrets = secrets
    self.report = report
    self.progress = progress
    pax = PaxWriter { try assembler.append($0) }
    secrets.report = { [unowned self] in self.note($0) }
  }

  deinit { buffer.deallocate() }

  func pack(_ sources: SetSources) throws {
    try sources.walk(visit: { try pack($0) }, take: { try pack($0) }, report: { note($0) })
    try pax.finish()
    try assembler.finish()
  }

  // MARK: Entries

  private func pack(_ found: borrowing FoundEntry) throws {
    try secrets.admit(found)
    var entry = found.entry
    do throws(FileError) { entry.attributes = try found.attributes() } catch {
      if error.isAbsence { return note(Finding(.vanished, entry.path.displayPath, "gone before it was read")) }
      note(Finding(.unreadable, entry.path.displayPath, "its extended attributes: \(error.errno)"))
    }
    if found.status.kind != .file { return try append(entry) }
    if let target = links.target(of: found) {
      entry.kind = .hardLink(target: target.path)
      entry.size = target.size
      entry.digest = target.digest
      return try append(entry)
    }
    let file: SourceFile
    do throws(FileError) { file = try found.open() } catch {
      return note(
        error.isAbsence
          ? Finding(.vanished, entry.path.displayPath, "gone before it was read")
          : Finding(.unreadable, entry.path.displayPath, "cannot be opened: \(error.errno)"))
    }
    if try packContent(of: file, as: &entry) { links.stored(entry, as: found.status) }
  }

  /// Content that lies ready: whoever made it has vouched for it, so what is missing now ends the run.
  private func pack(_ extra: ExtraSource) throws {
    var entry = extra.entry
    let path = "/\(entry.path.displayPath)"
    guard case .spooled(let file) = extra.content else {
      throw BackupError(.failed, "\(path): its size must be known before it is packed")
    }
    entry.size = try file.status().size
    try secrets.admit(entry)
    try assembler.memberBegins(size: entry.size)
    secrets.begin(entry.path)
    try pax.begin(entry)
    var position: UInt64 = 0
    while position < entry.size {
      let wanted = Int(min(UInt64(Self.bufferSize), entry.size - position))
      guard try read(file, at: position, length: wanted) == wanted else {
        throw BackupError(.failed, "\(path): what was made of it in the state folder was cut short")
      }
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<wanted])
      hash.update(piece)
      try secrets.take(piece)
      try pax.write(piece)
      position += UInt64(wanted)
      content.bytes += UInt64(wanted)
      try progress(content)
    }
    try secrets.finish()
    try pax.end()
    entry.digest = hash.finish()
    try list(entry)
  }

  /// An entry without content of its own.
  private func append(_ entry: Entry) throws {
    try assembler.memberBegins(size: 0)
    try pax.begin(entry)
    try pax.end()
    try list(entry)
  }

  private func list(_ entry: Entry) throws {
    try manifest.add(entry)
    content.entries += 1
    if case .file = entry.kind { content.files += 1 }
    try progress(content)
  }

  private func note(_ finding: Finding) {
    report(finding)
    content.add(finding)
  }

  // MARK: Content

  /// - Returns: whether the file is in the archive.
  private func packContent(of file: SourceFile, as entry: inout Entry) throws -> Bool {
    let path = entry.path.displayPath
    let before = file.opened
    entry.size = before.size
    entry.modified = before.modified
    entry.mode = before.mode
    entry.dataExtents = file.dataExtents()
    do throws(FileError) {
      if entry.dataExtents == nil, entry.size <= UInt64(Self.bufferSize) {
        // Whole before its header is written: it is stored with the size that was read.
        entry.size = UInt64(try read(file, at: 0, length: Self.bufferSize))
      }
    } catch {
      note(Finding(.unreadable, path, "cannot be read: \(error.errno)"))
      return false
    }
    let isWhole = entry.dataExtents == nil && entry.size <= UInt64(Self.bufferSize)
    if isWhole { try secrets.check(UnsafeRawBufferPointer(rebasing: buffer[..<Int(entry.size)]), of: entry.path) }
    try assembler.memberBegins(size: entry.storedSize)
    if isWhole {
      try packSmall(&entry)
    } else {
      try packLarge(file, &entry, path)
    }
    // A status that cannot be read any more counts as changed.
    if let after = try? file.status(), after.size == before.size, after.modified == before.modified,
      after.changed == before.changed
    {
      // As it was: nothing to tell.
    } else {
      note(Finding(.changed, path, "changed while it was read; the snapshot holds a mixture"))
    }
    try list(entry)
    return true
  }

  private func packSmall(_ entry: inout Entry) throws {
    try pax.begin(entry)
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<Int(entry.size)])
    hash.update(bytes)
    try pax.write(bytes)
    try pax.end()
    entry.digest = hash.finish()
    content.bytes += entry.size
  }

  /// Reads a file in pieces. Its header is written before its content, so what is missing in the end is filled with zeros
  /// and told.
  private func packLarge(_ file: SourceFile, _ entry: inout Entry, _ path: String) throws {
    secrets.begin(entry.path)
    try pax.begin(entry)
    var position: UInt64 = 0
    var isShort = false
    for extent in entry.dataExtents ?? [Extent(offset: 0, length: entry.size)] {
      try hash.updateZeros(extent.offset - position) { try progress(content) }
      secrets.skip(extent.offset - position)
      position = extent.offset
      let end = extent.offset + extent.length
      while position < end {
        let wanted = Int(min(UInt64(Self.bufferSize), end - position))
        var length = 0
        if !isShort {
          do throws(FileError) { length = try read(file, at: position, length: wanted) } catch {
            note(
              Finding(.unreadable, path, "cannot be read at byte \(position): \(error.errno); zeros stand in its place")
            )
            isShort = true
          }
          if length < wanted, !isShort {
            note(
              Finding(
                .changed, path,
                "shrank to \(position + UInt64(length)) bytes while it was read; zeros stand for the rest"))
            isShort = true
          }
        }
        if length < wanted {
          for index in length..<wanted { buffer[index] = 0 }
        }
        let piece = UnsafeRawBufferPointer(rebasing: buffer[..<wanted])
        hash.update(piece)
        try secrets.take(piece)
        try pax.write(piece)
        position += UInt64(wanted)
        content.bytes += UInt64(wanted)
        try progress(content)
      }
    }
    try hash.updateZeros(entry.size - position) { try progress(content) }
    content.bytes += entry.size - entry.storedSize
    try pax.end()
    try secrets.finish()
    entry.digest = hash.finish()
  }

  /// Fills the buffer from `offset` on.
  /// - Returns: how many bytes there were, less than `length` only at the file's end.
  private func read(_ file: SourceFile, at offset: UInt64, length: Int) throws(FileError) -> Int {
    try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<length]))
  }
}

extension Entry {
  /// Bytes of content that go into the archive: without holes.
  var storedSize: UInt64 { dataExtents.map { $0.reduce(0) { $0 + $1.length } } ?? size }
}

extension FileError {
  /// Whether it says that the file is not there (any more).
  var isAbsence: Bool { errno == .noSuchFileOrDirectory || errno == .notDirectory }
}

extension Finding {
  init(_ finding: WalkFinding) {
    let code: Code =
      switch finding.code {
      case .unreadable: .unreadable
      case .vanished: .vanished
      case .skippedSocket: .skippedSocket
      case .missingPath: .missingPath
      case .unsupported: .unsupported
      }
    self.init(code, finding.path.displayPath, finding.detail)
  }
}
