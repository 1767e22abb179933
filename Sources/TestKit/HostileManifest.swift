internal import Archive
internal import Compression
internal import Files

/// A manifest as only a thief of a node's key would make it: it can be anything. Made compactly, so that some kilobytes
/// stand for gigabytes.
public struct HostileManifest: Sendable {
  /// Bytes that are repeated.
  public struct Piece: Sendable {
    var bytes: [UInt8]
    var count: Int

    public init(_ text: String, _ count: Int = 1) { (bytes, self.count) = (Array(text.utf8), count) }
    public init(bytes: [UInt8]) { (self.bytes, count) = (bytes, 1) }
    public init(zeros: Int, _ count: Int = 1) { (bytes, self.count) = ([UInt8](repeating: 0, count: zeros), count) }
  }

  /// In the order of the tar.
  public var members: [(name: String, content: [Piece])]
  /// Frames in front of everything, as they are.
  public var before: [UInt8] = []

  public init(_ members: [(name: String, text: String)]) {
    self.members = members.map { ($0.name, [Piece($0.text)]) }
  }

  /// The members of a manifest, unpacked by standard tools.
  /// - Parameter frames: its decrypted message.
  public init(_ frames: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let tar = try Command.succeed("zstd", ["-dcq"], input: frames).output
    let names = try Command.succeed("tar", ["-xvf", "-", "-C", folder.path], input: tar).lines
    members = try names.map { name in
      (name, [Piece(String(decoding: try FileContent.read(folder(name)), as: UTF8.self))])
    }
  }

  public func text(_ name: String) -> String {
    String(decoding: members.first { $0.name == name }?.content.first?.bytes ?? [], as: UTF8.self)
  }

  /// Puts other content in a member's place, or a new member before the listing.
  public mutating func set(_ name: String, _ content: [Piece]) {
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index].content = content
    } else {
      members.insert((name, content), at: max(members.count - 1, 0))
    }
  }

  public mutating func change(_ name: String, _ change: (String) -> String) { set(name, [Piece(change(text(name)))]) }

  /// Appends lines to the listing, and counts them.
  public mutating func list(_ lines: [String]) {
    change("files.mtree") { $0 + lines.map { "\($0)\n" }.joined() }
    count(lines.count)
  }

  public mutating func count(_ more: Int) {
    change("snapshot.json") {
      $0.replacing(/"entries" : ([0-9]+)/) { "\"entries\" : \((Int($0.1) ?? 0) + more)" }
    }
  }

  /// The number of entries that `snapshot.json` tells.
  public var entryCount: Int {
    text("snapshot.json").firstMatch(of: /"entries" : ([0-9]+)/).flatMap { Int($0.1) } ?? 0
  }

  /// The row of frames.
  public func serialized() throws -> [UInt8] {
    let compressor = try Compressor(level: 3)
    var text = before
    for (name, content) in members {
      let size = content.reduce(0) { $0 + $1.bytes.count * $1.count }
      var header: [UInt8] = []
      let pax = PaxWriter { header.append(contentsOf: $0) }
      try pax.begin(Entry(path: Array(name.utf8), kind: .file, mode: 0o600, size: UInt64(size)))
      text += try compressor.compress(header)
      for piece in content {
        let frame = try compressor.compress(piece.bytes)
        for _ in 0..<piece.count { text += frame }
      }
      let padding = (512 - size % 512) % 512
      if padding > 0 { text += try compressor.compress([UInt8](repeating: 0, count: padding)) }
    }
    return text + (try compressor.compress([UInt8](repeating: 0, count: 1024)))
  }
}
