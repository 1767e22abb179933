internal import CLinux
internal import Glibc
internal import SystemPackage

/// Who owns the state folder is who does the work: a program that root runs by hand becomes that user, as the timer's run
/// is from the start. So it leaves no file that the timer's run could not write, and gpg never works as root in another
/// user's key ring.
public enum ServiceUser {
  /// What is kept of root's rights (capabilities(7)).
  public enum Rights: Sendable, Equatable {
    /// Reads every file (`CAP_DAC_READ_SEARCH`), as the shipped units do; so do the programs that this one starts.
    case reading
    /// Reads every file; the programs that this one starts do not.
    case readingItself
    /// All that root may, in the other user's name; the programs that this one starts have none of it.
    case everything
  }

  /// Where root runs this and `folder` belongs to another user: becomes that user for good, with their groups, and with
  /// `HOME`, `USER` and `LOGNAME` theirs. Else, and where there is no such folder, nothing changes.
  ///
  /// To be called before any other thread is started: capabilities are each thread's own.
  /// - Returns: whether this is another user now.
  /// - Throws: where the system refuses; this process should end then.
  @discardableResult
  public static func become(ownerOf folder: String, keeping rights: Rights) throws(FileError) -> Bool {
    var status = stat()
    guard geteuid() == 0, stat(folder, &status) == 0, status.st_uid != 0 else { return false }
    func demand(_ result: Int32) throws(FileError) {
      guard result == 0 else { throw FileError("become the owner of", folder, .current) }
    }
    var (effective, permitted) = (UInt64(0), UInt64(0))
    try demand(redoubt_get_capabilities(&effective, &permitted))
    // A container's root may have none of them.
    let kept = rights == .everything ? permitted : permitted & redoubt_CAP_DAC_READ_SEARCH
    let inherited = rights == .reading ? kept : 0

    var group = status.st_gid
    if let user = getpwuid(status.st_uid), let name = user.pointee.pw_name {
      group = user.pointee.pw_gid
      try demand(initgroups(name, group))
      setenv("HOME", user.pointee.pw_dir, 1)
      for variable in ["USER", "LOGNAME"] { setenv(variable, name, 1) }
    } else {
      try demand(setgroups(0, nil))
    }
    try demand(redoubt_keep_capabilities(1))
    try demand(setgid(group))
    try demand(setuid(status.st_uid))
    try demand(redoubt_set_capabilities(kept, inherited))
    if inherited != 0 { try demand(redoubt_raise_ambient(redoubt_CAP_DAC_READ_SEARCH_number)) }
    // A later program that is set-user-id root shall not find it set.
    try demand(redoubt_keep_capabilities(0))
    return true
  }

  /// Whether this process may give files to other users: root, or who kept `everything` of it.
  public static var canChangeOwners: Bool {
    if geteuid() == 0 { return true }
    var (effective, permitted) = (UInt64(0), UInt64(0))
    return redoubt_get_capabilities(&effective, &permitted) == 0 && effective & redoubt_CAP_CHOWN != 0
  }

  /// Whether `group` is the own one of the user who runs this: their main group, named as they are.
  public static func isOwnGroup(_ group: UInt32) -> Bool {
    guard group == getegid(), let name = getgrgid(group).map({ String(cString: $0.pointee.gr_name) }) else {
      return false
    }
    return getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } == name
  }
}
