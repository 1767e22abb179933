/// A piece of a set's tar stream, before compression.
struct PlainVolume: Sendable {
  /// From 1.
  var number: Int
  var content: [UInt8]
  /// How many members began in earlier volumes.
  var firstEntry: Int
  /// Whether the piece begins in the middle of a member.
  var startsInside: Bool
}

/// Cuts the tar stream into volumes: at a member's end wherever the member fits into one volume, or everywhere.
///
/// Not safe for concurrent use: it belongs to the thread that reads the sources.
final class VolumeAssembler {
  private let volumeSize: Int
  private let splitsMembers: Bool
  private let deliver: (PlainVolume) throws -> Void
  private var content: [UInt8] = []
  private var number = 1
  private var membersBegun = 0
  private var firstEntry = 0
  private var startsInside = false
  private var splits = false

  /// What a member needs beside its content: its headers with long names and a few attributes. Only a guess that
  /// decides where to cut; a member whose headers are larger makes its volume larger.
  private static let headerAllowance = 16 << 10

  /// - Parameters:
  ///   - volumeSize: bytes of tar in a volume.
  ///   - splitsMembers: whether a member larger than a volume spans several; else its volume is as large as it needs.
  ///   - deliver: takes each finished volume in order; may wait.
  init(volumeSize: Int, splitsMembers: Bool = true, deliver: @escaping (PlainVolume) throws -> Void) {
    self.volumeSize = volumeSize
    self.splitsMembers = splitsMembers
    self.deliver = deliver
  }

  /// To be called before a member's first byte.
  /// - Parameter size: bytes of content as they go into the tar.
  func memberBegins(size: UInt64) throws {
    let total = size + UInt64(Self.headerAllowance)
    splits = splitsMembers && total > UInt64(volumeSize)
    if !content.isEmpty, !splits, UInt64(content.count) + total > UInt64(volumeSize) { try cut(inside: false) }
    membersBegun += 1
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard splits else { return content.append(contentsOf: bytes) }
    var rest = bytes[...]
    while !rest.isEmpty {
      if content.count >= volumeSize { try cut(inside: true) }
      let piece = rest.prefix(volumeSize - content.count)
      content.append(contentsOf: piece)
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Delivers what is left.
  func finish() throws {
    if !content.isEmpty { try cut(inside: false) }
  }

  private func cut(inside: Bool) throws {
    let volume = PlainVolume(number: number, content: content, firstEntry: firstEntry, startsInside: startsInside)
    content = []
    try deliver(volume)
    content.reserveCapacity(volumeSize)
    number += 1
    firstEntry = membersBegun
    startsInside = inside
  }
}
