internal import Repository

/// A snapshot whose volumes are stored and whose manifest is ready to be sealed.
struct PackedSnapshot {
  var content: SnapshotContent
  var manifest: ManifestWriter
  /// All that the snapshot needs.
  var volumes: [VolumeRecord]
  /// Where a long listing's pieces are.
  var listing: [(member: String, chunk: ChunkReference)] = []
  var chunkSizes: [Int]?
  /// Volumes and bytes that this run stored.
  var newVolumes: Int
  var newBytes: UInt64
}
