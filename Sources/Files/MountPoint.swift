internal import Glibc

/// The folder that the file system holding `path` is mounted on, as far as device numbers tell (`stat(2)`); nil where the
/// path cannot be looked at.
public func mountPoint(of path: String) -> String? {
  guard var device = deviceNumber(path) else { return nil }
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  var folder = String(cString: resolved)
  while folder != "/" {
    let above = Paths.parent(folder)
    guard let next = deviceNumber(above) else { return nil }
    if next != device { return folder }
    device = next
    folder = above
  }
  return folder
}

private func deviceNumber(_ path: String) -> dev_t? {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_dev : nil
}
