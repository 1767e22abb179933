internal import Files

/// A piece of a set's tar stream, before compression.
struct PlainVolume: Sendable {
  /// From 1.
  var number: Int
  /// nil once it is compressed.
  var content: MemoryFile?
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
  private let memory: MemoryFilePool
  private let deliver: (PlainVolume) throws -> Void
  private var content: MemoryFile?
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
  ///   - memory: what the volumes are made in.
  ///   - deliver: takes each finished volume in order; may wait.
  init(
    volumeSize: Int, splitsMembers: Bool = true, memory: MemoryFilePool,
    deliver: @escaping (PlainVolume) throws -> Void
  ) {
    self.volumeSize = volumeSize
    self.splitsMembers = splitsMembers
    self.memory = memory
    self.deliver = deliver
  }

  /// To be called before a member's first byte.
  /// - Parameter size: bytes of content as they go into the tar.
  func memberBegins(size: UInt64) throws {
    let total = size + UInt64(Self.headerAllowance)
    splits = splitsMembers && total > UInt64(volumeSize)
    if count > 0, !splits, UInt64(count) + total > UInt64(volumeSize) { try cut(inside: false) }
    membersBegun += 1
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard splits else { return try put(bytes) }
    var rest = bytes
    while !rest.isEmpty {
      if count >= volumeSize { try cut(inside: true) }
      let length = min(rest.count, volumeSize - count)
      try put(UnsafeRawBufferPointer(rebasing: rest[..<length]))
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
  }

  /// Delivers what is left.
  func finish() throws {
    if count > 0 { try cut(inside: false) }
  }

  /// Bytes of the present volume.
  private var count: Int { content?.count ?? 0 }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(BackupError) {
    // Not as an error of a file: that would be taken for one of the source that is being read.
    do throws(FileError) {
      if let content { return try content.append(bytes) }
      let new = try MemoryFile(from: memory)
      try new.reserve(volumeSize)
      try new.append(bytes)
      content = new
    } catch {
      throw BackupError(.failed, "\(error)")
    }
  }

  private func cut(inside: Bool) throws {
    let volume = PlainVolume(number: number, content: content, firstEntry: firstEntry, startsInside: startsInside)
    content = nil
    try deliver(volume)
    number += 1
    firstEntry = membersBegun
    startsInside = inside
  }
}
