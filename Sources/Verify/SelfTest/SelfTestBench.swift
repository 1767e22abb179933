internal import Files
internal import Glibc
internal import Repository
internal import Storage

/// A copy of one real snapshot and of its host's catalog in scratch space, which may be damaged and made good again.
final class SelfTestBench {
  let manifest: Manifest
  let reference: SnapshotReference
  let store: DirectoryStore
  let folder: String
  private var originals: [String: [UInt8]] = [:]

  private static let objectLimit = Manifest.storedLimit

  /// - Parameters:
  ///   - folder: an existing, empty folder.
  ///   - manifest: with its listing.
  /// - Throws: `.storage` where something cannot be copied.
  init(_ manifest: Manifest, _ reference: SnapshotReference, from reader: any ObjectReader, in folder: String) throws {
    self.manifest = manifest
    self.reference = reference
    self.folder = folder
    store = DirectoryStore(folder)
    let layout = Layout(host: reference.host)
    var keys = [layout.manifest(reference.set, reference.snapshot)] + manifest.volumes.map { layout.root + $0.name }
    do throws(StorageError) {
      keys += try reader.list(prefix: layout.catalogFolder).map(\.key)
      for key in keys { try store.put(Upload(key: key, content: try reader.get(key, maximumLength: Self.objectLimit))) }
    } catch {
      throw VerifyError(.storage, "cannot copy \(reference): \(error)", hint: error.hint)
    }
  }

  var manifestKey: String { Layout(host: reference.host).manifest(reference.set, reference.snapshot) }
  var volumeKeys: [String] { manifest.volumes.map { Layout(host: reference.host).root + $0.name } }
  var segmentKeys: [String] {
    get throws { try store.list(prefix: Layout(host: reference.host).catalogFolder).map(\.key).sorted() }
  }

  func content(_ key: String) throws -> [UInt8] { try FileContent.read("\(folder)/\(key)") }

  /// Puts other bytes in an object's place, or takes it away.
  func damage(_ key: String, _ content: [UInt8]?) throws {
    if originals[key] == nil, Paths.exists("\(folder)/\(key)") { originals[key] = try self.content(key) }
    unlink("\(folder)/\(key)")
    guard let content else { return }
    try Paths.makeFolders(Paths.parent("\(folder)/\(key)"))
    try FileContent.write(content, to: "\(folder)/\(key)")
  }

  func flipBit(_ key: String) throws {
    var bytes = try content(key)
    if !bytes.isEmpty { bytes[bytes.count / 2] ^= 0x10 }
    try damage(key, bytes)
  }

  /// Everything is as it was copied.
  func mend() throws {
    for (key, content) in originals {
      unlink("\(folder)/\(key)")
      try FileContent.write(content, to: "\(folder)/\(key)")
    }
    originals = [:]
  }
}
