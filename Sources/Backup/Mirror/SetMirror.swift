internal import Archive
internal import Digests
internal import Files
internal import Policy
internal import Repository
internal import Storage

/// Brings a set's files as they are to the destinations whose layout is `plain`.
///
/// A file is read whole, looked at by `inspect`, and only then taken; the trees change when all of them have been. What
/// git cannot keep (owners, modes, times, empty folders, devices) is written to a listing beside them. Belongs to the
/// thread that reads the sources.
final class SetMirror {
  /// A destination during this run: takes files until one fails.
  private struct Place {
    let name: String
    let mirror: any TreeMirror
    var error: StorageError?
    var hasChanged = false
  }

  /// Files up to this size are mirrored; bytes.
  static let largestFile = 50 << 20
  /// Beside the tree, with all that its files do not show.
  static let metadataName = ".redoubt-metadata.mtree"
  static let attributesName = ".redoubt-attributes.tsv"

  private let set: SetConfiguration
  private let inspect: ([UInt8], [UInt8]) throws -> Void
  private let report: (Finding) -> Void
  private let progress: (SnapshotContent) throws -> Void
  private var places: [Place]
  private(set) var content = SnapshotContent()
  private var files: [MirroredFile] = []
  private var kept: [[UInt8]] = []
  private var listing = MTreeWriter.header
  private var attributes: [UInt8] = []

  init(
    _ set: SetConfiguration, mirrors: [(name: String, mirror: any TreeMirror)],
    inspect: @escaping ([UInt8], [UInt8]) throws -> Void, report: @escaping (Finding) -> Void,
    progress: @escaping (SnapshotContent) throws -> Void
  ) {
    self.set = set
    self.inspect = inspect
    self.report = report
    self.progress = progress
    places = mirrors.map { Place(name: $0.name, mirror: $0.mirror) }
  }

  /// Whether any destination's tree is another one now.
  var hasChanged: Bool { places.contains(where: \.hasChanged) }
  /// Of the listing.
  var digest: SHA256Digest { SHA256.digest(listing) }
  var outcomes: [DestinationOutcome] {
    places.map { DestinationOutcome(name: $0.name, stored: $0.error == nil, error: $0.error.map { "\($0)" }) }
  }

  /// - Parameters:
  ///   - folder: of the set, relative to each destination's prefix.
  ///   - title: for the history.
  /// - Throws: what `inspect` and `progress` throw; nothing has been changed anywhere then.
  func run(folder: String, title: String, onFailure: (String, StorageError) -> Void) throws {
    do {
      try set.walker().walk(
        visit: { found throws(any Error) in try take(found) },
        report: { finding throws(any Error) in
          note(Finding(finding))
          if finding.code == .unreadable { kept.append(finding.path) }
        })
    } catch {
      for place in places { place.mirror.discard() }
      throw error
    }
    add(Array(Self.metadataName.utf8), .regular, listing)
    if !attributes.isEmpty { add(Array(Self.attributesName.utf8), .regular, attributes) }
    for index in places.indices {
      if places[index].error == nil {
        do throws(StorageError) {
          places[index].hasChanged = try places[index].mirror.replace(
            folder, with: files, keeping: kept, title: title)
        } catch { places[index].error = error }
      }
      if let error = places[index].error { onFailure(places[index].name, error) }
      places[index].mirror.discard()
    }
  }

  // MARK: Entries

  private func take(_ found: borrowing FoundEntry) throws {
    var entry = found.entry
    guard Self.canKeep(entry) else {
      return note(Finding(.unsupported, entry.path.displayPath, "git keeps no file of that name"))
    }
    do throws(FileError) { entry.attributes = try found.attributes() } catch {
      note(Finding(.unreadable, entry.path.displayPath, "its extended attributes: \(error.errno)"))
    }
    switch entry.kind {
    case .file:
      guard let bytes = try read(found, &entry) else { return }
      try inspect(entry.path, bytes)
      add(entry.path, entry.mode & 0o100 == 0 ? .regular : .executable, bytes)
      content.files += 1
      content.bytes += UInt64(bytes.count)
    case .symbolicLink(let target): add(entry.path, .symbolicLink, target)
    case .directory, .hardLink, .fifo, .characterDevice, .blockDevice: break
    }
    MTreeWriter.append(entry, to: &listing)
    attributes += AttributesListing.lines(for: entry)
    content.entries += 1
    try progress(content)
  }

  private func add(_ path: [UInt8], _ kind: MirroredFile.Kind, _ bytes: [UInt8]) {
    var taken: String?
    for index in places.indices where places[index].error == nil {
      do throws(StorageError) { taken = try places[index].mirror.take(bytes) } catch { places[index].error = error }
    }
    if let taken { files.append(MirroredFile(path: path, kind: kind, content: taken)) }
  }

  /// - Returns: nil where there is nothing to mirror; that has been noted.
  private func read(_ found: borrowing FoundEntry, _ entry: inout Entry) throws -> [UInt8]? {
    let path = entry.path.displayPath
    do throws(FileError) {
      let file = try found.open()
      let before = try file.status()
      guard before.size <= UInt64(Self.largestFile) else {
        note(Finding(.unsupported, path, "is larger than \(Self.largestFile >> 20) MiB; a plain mirror leaves it out"))
        return nil
      }
      // A byte more than it should have, to see whether it grew.
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(before.size) + 1, alignment: 64)
      defer { buffer.deallocate() }
      var count = 0
      while count < buffer.count {
        let length = try file.read(at: UInt64(count), into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
        if length == 0 { break }
        count += length
      }
      let after = try file.status()
      if after.size != before.size || after.modified != before.modified || count != Int(before.size) {
        note(Finding(.changed, path, "changed while it was read; the mirror holds a mixture"))
        count = min(count, Int(before.size))
      }
      let bytes = Array(buffer[..<count])
      entry.size = UInt64(count)
      entry.mode = before.mode
      entry.modified = before.modified
      entry.digest = SHA256.digest(bytes)
      return bytes
    } catch {
      if error.isAbsence {
        note(Finding(.vanished, path, "gone before it was read"))
      } else {
        note(Finding(.unreadable, path, "cannot be read: \(error.errno)"))
        kept.append(entry.path)
      }
      return nil
    }
  }

  /// git(1) refuses paths with a component `.git` in any case, and a symbolic link named `.gitmodules`.
  private static func canKeep(_ entry: Entry) -> Bool {
    let components = entry.path.split(separator: UInt8(ascii: "/"))
    let isFree = components.allSatisfy { String(decoding: $0, as: UTF8.self).lowercased() != ".git" }
    guard isFree, case .symbolicLink = entry.kind, let last = components.last else { return isFree }
    return String(decoding: last, as: UTF8.self).lowercased() != ".gitmodules"
  }

  private func note(_ finding: Finding) {
    report(finding)
    content.add(finding)
  }
}
