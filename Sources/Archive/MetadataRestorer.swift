internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// Gives one object its owner, attributes, mode and times, in this order: a new owner takes away set-user-id bits and
/// capabilities, an ACL changes the mode, and everything changes times.
struct MetadataRestorer {
  let entry: Entry
  let owners: Bool
  let report: @Sendable (ExtractionFinding) -> Void

  /// Of an open file or directory.
  func restore(descriptor: Int32) {
    let ownerIsRight = setOwner { fchown(descriptor, entry.owner, entry.group) }
    for attribute in entry.attributes {
      let name = attribute.name + [0]
      check("attribute \(attribute.name.displayPath)") {
        name.withUnsafeBytes { name in
          fsetxattr(
            descriptor, name.assumingMemoryBound(to: CChar.self).baseAddress, attribute.value, attribute.value.count, 0)
        }
      }
    }
    check("mode") { fchmod(descriptor, mode(ownerIsRight)) }
    check("time") { withTimes { futimens(descriptor, $0) } }
  }

  /// Of anything else, never following a link.
  func restore(directory: Int32, name: UnsafePointer<CChar>) {
    let ownerIsRight = setOwner { fchownat(directory, name, entry.owner, entry.group, AT_SYMLINK_NOFOLLOW) }
    for attribute in entry.attributes {
      if let errno = ExtendedAttributes.set(attribute, directory: directory, name: name) {
        tell("attribute \(attribute.name.displayPath)", errno)
      }
    }
    if case .symbolicLink = entry.kind {
    } else {
      // fchmodat has no form that does not follow; an O_PATH descriptor names the very object.
      let object = openat(directory, name, redoubt_O_PATH | O_NOFOLLOW | O_CLOEXEC)
      check("mode") { object < 0 ? -1 : chmod("/proc/self/fd/\(object)", mode(ownerIsRight)) }
      if object >= 0 { close(object) }
    }
    check("time") { withTimes { utimensat(directory, name, $0, AT_SYMLINK_NOFOLLOW) } }
  }

  private func mode(_ ownerIsRight: Bool) -> mode_t {
    // Running a program as its restorer, who is not its owner, would be a new right: like `chown`, drop these bits.
    ownerIsRight ? entry.mode : entry.mode & ~0o6000
  }

  /// - Returns: whether owner and group are the entry's.
  private func setOwner(_ call: () -> Int32) -> Bool {
    guard owners else {
      if entry.owner == geteuid(), entry.group == getegid() { return true }
      report(
        ExtractionFinding(
          path: entry.path, detail: "owner \(entry.owner):\(entry.group) was not restored",
          needsRoot: !ServiceUser.canChangeOwners))
      return false
    }
    if call() == 0 { return true }
    tell("owner \(entry.owner):\(entry.group)", .current)
    return false
  }

  private func check(_ what: String, _ call: () -> Int32) { if call() != 0 { tell(what, .current) } }

  private func tell(_ what: String, _ errno: Errno) {
    report(
      ExtractionFinding(
        path: entry.path, detail: "\(what) was not restored: \(errno.description.lowercased())",
        needsRoot: errno == .notPermitted && !ServiceUser.canChangeOwners))
  }

  /// Access and modification time, both the entry's: nothing else is known.
  private func withTimes(_ body: (UnsafePointer<timespec>?) -> Int32) -> Int32 {
    let time = timespec(tv_sec: Int(entry.modified.seconds), tv_nsec: Int(entry.modified.nanoseconds))
    return [time, time].withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
