public import Digests

/// A chunk that storage holds and that the node may refer to.
public struct ChunkRecord: Sendable, Equatable {
  public let id: ChunkID
  public let digest: SHA256Digest
  /// Bytes.
  public let length: Int
  public let volume: VolumeID
  /// How often the last snapshot refers to it; 0 for a chunk that was uploaded since and belongs to none yet.
  public let uses: Int
}

/// A volume's number in a set: never used again for another volume.
public struct VolumeID: Hashable, Sendable {
  public let number: Int64

  public init(number: Int64) { self.number = number }
}

/// A volume that every destination has acknowledged.
public struct VolumeRecord: Sendable, Equatable {
  public let id: VolumeID
  /// The object's key, in whatever form the caller uses.
  public let name: String
  /// Seconds since 1970.
  public let uploaded: Int64
  /// Bytes of the stored object.
  public let storedBytes: Int
  /// Bytes of all its chunks when it was uploaded.
  public let plainBytes: Int
  /// Bytes of its chunks that the last snapshot refers to or that were uploaded since.
  public let liveBytes: Int
  /// Whatever else the caller keeps of it; the index does not look into it.
  public let record: [UInt8]
}

/// A chunk of a new volume.
public struct NewChunk: Sendable, Equatable {
  /// From `SetIndex.reserveChunkID()`; for a chunk that is sent anew, the number that it has.
  public let id: ChunkID
  public let digest: SHA256Digest
  /// Bytes.
  public let length: Int

  public init(id: ChunkID, digest: SHA256Digest, length: Int) {
    self.id = id
    self.digest = digest
    self.length = length
  }
}
