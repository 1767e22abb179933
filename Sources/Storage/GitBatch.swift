/// What has been gathered for the next push.
struct GitBatch {
  let clone: GitClone
  /// What it goes on top of.
  var tip: GitTip
  var changes: [GitPath: GitChange] = [:]
  /// A folder that is to hold exactly these files.
  var mirrored: GitMirroredFolder?
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
      for path in tip.files.keys where mirrored.drops(path) { all[path] = .remove }
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

/// A folder that is to hold exactly these files.
struct GitMirroredFolder {
  /// With a slash at its end.
  private let top: GitPath
  /// By their paths in the repository.
  let files: [GitPath: GitFile]
  private let kept: [GitPath]

  init(_ folder: GitPath, _ files: [MirroredFile], keeping: [[UInt8]]) {
    top = folder + "/".utf8
    kept = keeping.map { [top] in top + $0 }
    var all: [GitPath: GitFile] = [:]
    for file in files {
      let mode =
        switch file.kind {
        case .regular: "100644"
        case .executable: "100755"
        case .symbolicLink: "120000"
        }
      all[top + file.path] = GitFile(mode: mode, id: file.content)
    }
    self.files = all
  }

  /// Whether a file that is there is to go.
  func drops(_ path: GitPath) -> Bool {
    guard path.starts(with: top), files[path] == nil else { return false }
    return !kept.contains { path == $0 || path.starts(with: $0 + "/".utf8) }
  }
}
