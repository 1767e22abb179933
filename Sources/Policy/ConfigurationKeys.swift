// Every key that a configuration file may have. The readers can only ask for these, the unknown keys are those that are
// not here, and the manual page is held to this list by a test.

/// A table's keys.
protocol ConfigurationKey: CaseIterable, RawRepresentable, Hashable, Sendable where RawValue == String {}

/// Top level of the node's file.
enum NodeKey: String, ConfigurationKey {
  case host, state, workers, never, keys, watch, destination, set, alerts
  case frequencyTable = "frequency-table"
}

/// Top level of the keeper's file.
enum KeeperKey: String, ConfigurationKey {
  case state, workers, keys, keep, drill, check, catalog, destination, node, alerts
  case frequencyTable = "frequency-table"
}

/// `[keep]` of the keeper.
enum KeepKey: String, ConfigurationKey { case last, daily, weekly, monthly, yearly }

/// `[keys]` of the node.
enum NodeKeysKey: String, ConfigurationKey {
  case gnupgHome = "gnupg-home"
  case recipients, signer
}

/// `[watch]` of the node.
enum WatchKey: String, ConfigurationKey {
  case quiet
  case longestWait = "longest-wait"
}

/// `[keys]` of the keeper.
enum KeeperKeysKey: String, ConfigurationKey {
  case gnupgHome = "gnupg-home"
  case signer
}

/// `[[destination]]`.
enum DestinationKey: String, ConfigurationKey {
  case name, kind, location, path, endpoint, region, bucket, prefix, addressing, sse
  case sseKMSKeyID = "sse-kms-key-id"
  case storageClass = "storage-class"
  case conditionalWrites = "conditional-writes"
  case caFile = "ca-file"
  case profile
  case credentialsFile = "credentials-file"
  case connectTimeout = "connect-timeout"
  case stallTimeout = "stall-timeout"
  case attempts, expiry
  case lockMode = "lock-mode"
  case remote, branch, layout
  case isPrivate = "private"
  case away

  /// Those that mean something whatever the kind.
  static let common: Set<DestinationKey> = [.name, .kind, .location]
  /// Those of kind = "directory".
  static let directory: Set<DestinationKey> = [.path, .away]
  /// Those of kind = "git".
  static let git: Set<DestinationKey> = [.remote, .branch, .layout, .isPrivate, .path, .prefix, .attempts]
  /// Those of kind = "s3".
  static let s3 = Set(allCases).subtracting(common).subtracting([.path, .remote, .branch, .layout, .isPrivate, .away])
}

/// `[[set]]`.
enum SetKey: String, ConfigurationKey {
  case name
  case dataClass = "class"
  case paths, exclude
  case excludeCaches = "exclude-caches"
  case oneFileSystem = "one-file-system"
  case mode, destinations
  case volumeSize = "volume-size"
  case compressionLevel = "compression-level"
  case refresh, compact, retention
  case ignoreInode = "ignore-inode"
  case ignoreCtime = "ignore-ctime"
  case command, sqlite, before, after
  case commandName = "command-name"
  case commandTimeout = "command-timeout"
  case hookTimeout = "hook-timeout"
  case secrets
  case secretsAllow = "secrets-allow"

  /// Those that mean something in mode `incremental` alone.
  static let incremental: Set<SetKey> = [.refresh, .compact, .ignoreInode, .ignoreCtime]
}

/// `[[node]]`.
enum WatchedNodeKey: String, ConfigurationKey {
  case host
  case trustedSigners = "trusted-signers"
  case destinations
}

/// `[alerts]` of both.
enum AlertsKey: String, ConfigurationKey {
  case metricsFile = "metrics-file"
  case onSuccess = "on-success"
  case onFailure = "on-failure"
  case onOverdue = "on-overdue"
  case pingURL = "ping-url"
  case pingURLFile = "ping-url-file"
  case webhookURL = "webhook-url"
  case webhookURLFile = "webhook-url-file"
  case timeout, attempts
}

/// The configuration's grammar as data, for documentation and its tests.
public enum ConfigurationGrammar {
  /// Every key as `host`, `keys.gnupg-home`, `destination.name`, sorted and without repetition; tables alone are left out.
  public static var keys: [String] {
    let tables: Set<String> = [
      "keys", "keep", "watch", "drill", "check", "catalog", "destination", "set", "node", "alerts",
    ]
    var all: Set<String> = []
    func add<Key: ConfigurationKey>(_: Key.Type, _ table: String) {
      all.formUnion(Key.allCases.map { table.isEmpty ? $0.rawValue : "\(table).\($0.rawValue)" })
    }
    add(NodeKey.self, "")
    add(KeeperKey.self, "")
    add(NodeKeysKey.self, "keys")
    add(KeeperKeysKey.self, "keys")
    add(KeepKey.self, "keep")
    add(WatchKey.self, "watch")
    add(DrillKey.self, "drill")
    add(CheckKey.self, "check")
    add(CatalogKey.self, "catalog")
    add(DestinationKey.self, "destination")
    add(SetKey.self, "set")
    add(WatchedNodeKey.self, "node")
    add(AlertsKey.self, "alerts")
    return all.subtracting(tables).sorted()
  }
}
