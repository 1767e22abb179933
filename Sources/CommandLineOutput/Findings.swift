public import JSON
public import Repository

extension Output {
  /// A finding, as a warning for people and as an event of type `finding` for scripts.
  /// - Parameter subject: the set or snapshot it was found in; empty for none.
  public func show(_ finding: Finding, of subject: String = "", about: Subject = Subject()) {
    let place = subject.isEmpty ? "" : "\(subject): "
    note(
      "warning: \(place)\(finding.code.rawValue): \(finding.path): \(finding.detail)", priority: .warning,
      about: about)
    event("finding", (subject.isEmpty ? [] : [.init("subject", .string(subject))]) + finding.members)
  }
}

extension Finding {
  /// As JSON shows it.
  public var members: [JSONValue.Member] {
    [.init("code", .string(code.rawValue)), .init("path", .string(path)), .init("detail", .string(detail))]
  }
}
