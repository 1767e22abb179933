internal import Files
internal import Repository
internal import Storage

/// What one destination holds of one set, by its listing.
struct StoredSet: Sendable {
  struct Volume: Sendable, Hashable {
    var number: Int
    var size: UInt64
  }

  /// What one run of the node stored.
  struct Folder: Sendable {
    var id: SnapshotID
    /// Bytes; nil where there is none: the run never ended, or the snapshot was pruned and later ones need its volumes.
    var manifest: UInt64?
    /// By number.
    var volumes: [Volume] = []
    var bytes: UInt64 { volumes.reduce(manifest ?? 0) { $0 + $1.size } }
  }

  let place: Ledger.Place
  /// Oldest first.
  private(set) var folders: [Folder] = []

  init(_ place: Ledger.Place, folders: [Folder] = []) {
    self.place = place
    self.folders = folders.sorted { $0.id < $1.id }
  }

  /// - Throws: where the destination cannot be listed.
  init(_ place: Ledger.Place, from reader: any ObjectReader) throws(VerifyError) {
    self.place = place
    let layout = Layout(host: place.host)
    let root = layout.setFolder(place.set)
    let objects: [ObjectSummary]
    do throws(StorageError) { objects = try reader.list(prefix: root) } catch {
      throw SnapshotFinder.listingFailed(error, host: place.host, at: place.destination)
    }
    // Sorted by key: an object is of the folder of the one before it, or of a new one.
    var name: Substring = ""
    var isOpen = false
    for object in objects {
      let rest = object.key.dropFirst(root.utf8.count)
      guard let slash = rest.firstIndex(of: "/") else { continue }
      if rest[..<slash] != name {
        name = rest[..<slash]
        isOpen = false
        if let id = SnapshotID(name) {
          folders.append(Folder(id: id))
          isOpen = true
        }
      }
      guard isOpen else { continue }
      let file = rest[rest.index(after: slash)...]
      if file == "manifest.tar.zst.gpg" {
        folders[folders.count - 1].manifest = object.size
      } else if let (_, number) = VolumeList.parse("\(place.set)/\(rest)") {
        folders[folders.count - 1].volumes.append(Volume(number: number, size: object.size))
      }
    }
    folders.sort { $0.id < $1.id }
  }

  /// The snapshots that are whole, as far as a listing tells.
  var snapshots: [SnapshotID] { folders.filter { $0.manifest != nil }.map(\.id) }

  var bytes: UInt64 { folders.reduce(0) { $0 + $1.bytes } }
}
