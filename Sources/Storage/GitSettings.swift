/// A branch of a git repository that takes objects, and the folder that is used to reach it.
public struct GitSettings: Sendable, Equatable {
  /// What git takes for a remote: an https or ssh address, `user@host:path`, or an absolute path. It may hold a password,
  /// which is never shown.
  public var remote: Secret
  public var branch = "main"
  /// The folder for what git keeps of the remote on this machine: an absolute path. What is in it can be made again.
  public var folder: String
  /// Goes before all keys; without slashes at its ends, and empty for none.
  public var prefix = ""
  /// Whether content is worth compressing: text is, encrypted objects are not.
  public var compresses = false

  public init(remote: String, folder: String) {
    self.remote = Secret(remote)
    self.folder = folder
  }

  /// The remote without what may be a password.
  public var address: String { Self.withoutCredentials(remote.exposed) }

  /// Whether the remote's address holds a password.
  public var hasPassword: Bool {
    guard let user = Self.userPart(remote.exposed) else { return false }
    return remote.exposed[user].contains(":")
  }

  /// Text in which the user part of each http address, where tokens stand too, and each password is left out.
  static func withoutCredentials(_ text: String) -> String {
    var rest = text[...]
    var result = ""
    while let colon = rest.firstRange(of: "://") {
      result += rest[..<colon.upperBound]
      let isWeb = rest[..<colon.lowerBound].hasSuffix("http") || rest[..<colon.lowerBound].hasSuffix("https")
      rest = rest[colon.upperBound...]
      guard let user = userPart(authorityOf: rest) else { continue }
      if !isWeb, !rest[user].contains(":") { result += rest[user] + "@" }
      rest = rest[user.upperBound...].dropFirst()
    }
    return result + rest
  }

  private static func userPart(_ address: String) -> Range<Substring.Index>? {
    guard let colon = address.firstRange(of: "://") else { return nil }
    return userPart(authorityOf: address[colon.upperBound...])
  }

  /// What stands before the last `@` of the authority that a text begins with.
  private static func userPart(authorityOf text: Substring) -> Range<Substring.Index>? {
    let authority = text.prefix { !"/?# \t\n'\"<>".contains($0) }
    return authority.lastIndex(of: "@").map { authority.startIndex..<$0 }
  }
}
