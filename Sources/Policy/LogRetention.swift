/// The kinds of logs that guides for operators tell apart.
public enum LogCategory: String, Sendable, CaseIterable {
  /// What was looked at and found as it was.
  case application
  /// What was noticed, and what could not be done.
  case security
  /// What was proven, deleted and attested.
  case audit
}

/// `[catalog]`: how long the keeper's records stay in its catalog before a rotation moves them to an archive.
public struct LogRetention: Sendable, Equatable {
  /// Seconds.
  public var application: Int64 = 30 * 86400
  public var security: Int64 = 90 * 86400
  public var audit: Int64 = 365 * 86400

  public init() {}

  public func seconds(_ category: LogCategory) -> Int64 {
    switch category {
    case .application: application
    case .security: security
    case .audit: audit
    }
  }
}

/// `[catalog]` of the keeper.
enum CatalogKey: String, ConfigurationKey { case application, security, audit }

extension ConfigurationReader {
  func logs(_ top: TableReader<KeeperKey>) -> LogRetention {
    var logs = LogRetention()
    guard let table = top.table(.catalog) else { return logs }
    let reader = TableReader<CatalogKey>(table, path: ["catalog"], label: "catalog", problems: problems)
    let range: ClosedRange<Int64> = 86400...100 * 365 * 86400
    if let seconds = reader.seconds(.application, in: range) { logs.application = seconds }
    if let seconds = reader.seconds(.security, in: range) { logs.security = seconds }
    if let seconds = reader.seconds(.audit, in: range) { logs.audit = seconds }
    return logs
  }
}
