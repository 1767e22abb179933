/// What has been gathered for the next push.
struct GitBatch {
  let clone: GitClone
  /// What it goes on top of.
  var tip: GitTip
  var changes: [GitPath: GitChange] = [:]
  /// A folder that is to hold exactly these files.
  var mirrored: (folder: GitPath, files: [GitPath: GitFile])?
  /// Bytes of content that was taken for it.
  var bytes = 0

  init(clone: GitClone, tip: GitTip) {
    self.clone = clone
    self.tip = tip
  }

  /// What stands at a path once the batch is carried out.
  func changed(_ path: GitPath) -> GitFile? {
    switch changes[path] {
    case .store(let file): file
    case .remove: nil
    case nil: tip.files[path]
    }
  }

  /// The changes that the tip does not show yet.
  var outstanding: [GitPath: GitChange] {
    var all = changes
    if let mirrored {
      let folder = mirrored.folder + "/".utf8
      for path in tip.files.keys where path.starts(with: folder) && mirrored.files[path] == nil {
        all[path] = .remove
      }
      for (path, file) in mirrored.files { all[path] = .store(file) }
    }
    return all.filter { path, change in
      switch change {
      case .store(let file): tip.files[path].map { $0.id != file.id || $0.mode != file.mode } ?? true
      case .remove: tip.files[path] != nil
      }
    }
  }

  /// Whether the tip has another object where one is to be added.
  func isTaken(_ path: GitPath) -> Bool {
    guard case .store(let file)? = changes[path], let present = tip.files[path] else { return false }
    return present.id != file.id
  }
}
