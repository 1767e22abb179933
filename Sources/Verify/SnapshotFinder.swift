internal import Repository
internal import Storage

/// Finds a host's snapshots at one destination by listing.
struct SnapshotFinder {
  let host: String
  let destination: String
  let reader: any ObjectReader

  private var layout: Layout { Layout(host: host) }

  /// The host's sets there.
  func sets() throws(VerifyError) -> [String] {
    do throws(StorageError) {
      return try reader.listFolders(prefix: layout.root).filter { isValidName($0) && !reservedSetNames.contains($0) }
    } catch {
      throw Self.listingFailed(error, host: host, at: destination)
    }
  }

  /// The snapshots of a set, oldest first, also unfinished ones.
  func snapshots(of set: String) throws(VerifyError) -> [ListedSnapshot] {
    var found: [SnapshotID: ListedSnapshot] = [:]
    let folder = layout.setFolder(set)
    do throws(StorageError) {
      for object in try reader.list(prefix: folder) {
        let rest = object.key.dropFirst(folder.utf8.count).split(separator: "/", omittingEmptySubsequences: false)
        guard rest.count == 2, let id = SnapshotID(rest[0]) else { continue }
        let reference = SnapshotReference(host: host, set: set, snapshot: id)
        var listed =
          found[id]
          ?? ListedSnapshot(reference: reference, destination: destination, objects: 0, bytes: 0, isFinished: false)
        listed.objects += 1
        listed.bytes.addClamped(object.size)
        if object.key == layout.manifest(set, id) { listed.isFinished = true }
        found[id] = listed
      }
    } catch {
      throw Self.listingFailed(error, host: host, at: destination)
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  /// One snapshot that is named in full, found without the right to list; unfinished where volumes of it are listed and
  /// no manifest is there.
  /// - Returns: nil where there is nothing of that name.
  func snapshot(set: String, _ id: SnapshotID) throws(VerifyError) -> ListedSnapshot? {
    do throws(StorageError) {
      let reference = SnapshotReference(host: host, set: set, snapshot: id)
      if let size = try reader.size(of: layout.manifest(set, id)) {
        return ListedSnapshot(
          reference: reference, destination: destination, objects: 1, bytes: size, isFinished: true)
      }
      let left: [ObjectSummary]
      do throws(StorageError) { left = try reader.list(prefix: layout.snapshotFolder(set, id)) } catch {
        // Who may not list takes the manifest's absence as it is.
        guard error.code == .denied else { throw error }
        return nil
      }
      guard !left.isEmpty else { return nil }
      return ListedSnapshot(
        reference: reference, destination: destination, objects: left.count, bytes: left.map(\.size).clampedSum,
        isFinished: false)
    } catch {
      throw VerifyError(.storage, "\(destination): \(error)", hint: error.hint)
    }
  }

  static func listingFailed(_ error: StorageError, host: String, at destination: String) -> VerifyError {
    let hint =
      error.code == .denied
      ? "give the keeper's credentials ListBucket, or name --host, --set and --snapshot to do without" : error.hint
    return VerifyError(.storage, "cannot list \(host) at \(destination): \(error)", hint: hint)
  }
}
