internal import Glibc

/// Names of users and groups (`getpwuid_r(3)`, `getgrgid_r(3)`), each looked up once. Not safe for concurrent use.
public final class OwnerNames {
  private var users: [UInt32: String] = [:]
  private var groups: [UInt32: String] = [:]
  private var lastUser: (id: UInt32, name: String)?
  private var lastGroup: (id: UInt32, name: String)?

  public init() {}

  /// Empty where the user has no name here.
  public func user(_ id: UInt32) -> String {
    if let lastUser, lastUser.id == id { return lastUser.name }
    let name = users[id] ?? Self.lookUpUser(id)
    users[id] = name
    lastUser = (id, name)
    return name
  }

  /// Empty where the group has no name here.
  public func group(_ id: UInt32) -> String {
    if let lastGroup, lastGroup.id == id { return lastGroup.name }
    let name = groups[id] ?? Self.lookUpGroup(id)
    groups[id] = name
    lastGroup = (id, name)
    return name
  }

  private static func lookUpUser(_ id: UInt32) -> String {
    withBuffer { buffer in
      var record = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard let text = buffer.baseAddress else { return (0, nil) }
      let code = getpwuid_r(id, &record, text, buffer.count, &found)
      return (code, found.flatMap { $0.pointee.pw_name }.map { String(cString: $0) })
    }
  }

  private static func lookUpGroup(_ id: UInt32) -> String {
    withBuffer { buffer in
      var record = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      guard let text = buffer.baseAddress else { return (0, nil) }
      let code = getgrgid_r(id, &record, text, buffer.count, &found)
      return (code, found.flatMap { $0.pointee.gr_name }.map { String(cString: $0) })
    }
  }

  /// Nil where there is no such user here.
  func user(named name: String) -> UInt32? {
    var id: UInt32?
    _ = Self.withBuffer { buffer in
      var record = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard let text = buffer.baseAddress else { return (0, nil) }
      let code = getpwnam_r(name, &record, text, buffer.count, &found)
      id = found?.pointee.pw_uid
      return (code, nil)
    }
    return id
  }

  /// Nil where there is no such group here.
  func group(named name: String) -> UInt32? {
    var id: UInt32?
    _ = Self.withBuffer { buffer in
      var record = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      guard let text = buffer.baseAddress else { return (0, nil) }
      let code = getgrnam_r(name, &record, text, buffer.count, &found)
      id = found?.pointee.gr_gid
      return (code, nil)
    }
    return id
  }

  /// Repeats with more room while the system asks for it (`ERANGE`: a group with many members).
  private static func withBuffer(_ body: (UnsafeMutableBufferPointer<CChar>) -> (Int32, String?)) -> String {
    var size = 1 << 12
    while size <= 1 << 24 {
      let (code, name) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size, body)
      guard code == ERANGE else { return name ?? "" }
      size *= 4
    }
    return ""
  }
}
