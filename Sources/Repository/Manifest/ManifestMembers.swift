internal import Archive
internal import Compression

/// The tar members of a manifest while they grow, compressed as they come: a row of zstd frames in the end.
final class ManifestMembers {
  private struct Member {
    var size: UInt64 = 0
    var frames: [UInt8] = []
    var block: [UInt8] = []
  }
  private let compressor: Compressor
  private var members: [String: Member] = [:]

  /// Bytes of text in one frame, never more: enough to compress well, and what a reader unpacks at a time.
  static let blockSize = 4 << 20

  init(compressionLevel: Int) throws(ManifestError) {
    do { compressor = try Compressor(level: compressionLevel) } catch { throw ManifestError("manifest", "\(error)") }
  }

  func append(_ bytes: [UInt8], to name: String) throws(ManifestError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let room = Self.blockSize - members[name, default: Member()].block.count
      members[name, default: Member()].block += rest.prefix(room)
      if rest.count >= room { try compressBlock(of: name) }
      rest = rest.dropFirst(room)
    }
  }

  /// The tar of the members that have content, in this order.
  func serialize(_ order: [String]) throws(ManifestError) -> [UInt8] {
    var manifest: [UInt8] = []
    for name in order {
      try compressBlock(of: name)
      guard let member = members[name] else { continue }
      manifest += try compress(try header(name, size: member.size))
      manifest += member.frames
      let padding = Int((512 - member.size % 512) % 512)
      if padding > 0 { manifest += try compress([UInt8](repeating: 0, count: padding)) }
    }
    return manifest + (try compress([UInt8](repeating: 0, count: 1024)))
  }

  private func header(_ name: String, size: UInt64) throws(ManifestError) -> [UInt8] {
    var header: [UInt8] = []
    do {
      let pax = PaxWriter { header.append(contentsOf: $0) }
      try pax.begin(Entry(path: Array(name.utf8), kind: .file, mode: 0o600, size: size))
    } catch {
      throw ManifestError(name, "\(error)")
    }
    return header
  }

  private func compressBlock(of name: String) throws(ManifestError) {
    guard let block = members[name]?.block, !block.isEmpty else { return }
    let frame = try compress(block)
    members[name]?.size += UInt64(block.count)
    members[name]?.frames += frame
    members[name]?.block = []
  }

  private func compress(_ bytes: [UInt8]) throws(ManifestError) -> [UInt8] {
    do throws(ZstdError) { return try compressor.compress(bytes) } catch { throw ManifestError("manifest", "\(error)") }
  }
}
