public import Files
internal import OpenPGP
internal import Policy
public import Repository

/// Whether a keeper's own catalog is what it was.
public struct CatalogCondition: Sendable {
  /// The catalog's file.
  public var path: String
  /// Records in the file and in archives.
  public var records: Int
  public var archived: Int
  /// The last record's time.
  public var last: Timestamp?
  /// What is wrong: what shows that something else than Redoubt has changed it.
  public var findings: [Finding] = []
  /// How it is signed, in words; nil where a finding says it.
  public var signature: String?
  /// That the key which signs it expires within `KeyRotation.notice`, or has.
  public var warnings: [(text: String, hint: String?)] = []
}

extension Keeper {
  /// Opens the keeper's state; what was noticed is told. What is recorded there is signed when it is closed.
  /// - Parameters:
  ///   - folder: a shard's; nil for the keeper's own.
  ///   - base: the whole keeper's, where it is a shard's.
  func openState(_ folder: String? = nil, base: String? = nil) throws(VerifyError) -> KeeperState {
    let state = try KeeperState(
      folder: folder ?? configuration.state, base: base, now: environment.clock(),
      closing: { [configuration, environment] catalog in
        guard !configuration.keys.signer.isEmpty else { return }
        let seal = CatalogSeal(
          catalog: catalog, home: configuration.keys.gnupgHome, spec: configuration.keys.signer)
        do throws(VerifyError) {
          if let reason = try seal.renew(at: environment.clock()) { environment.observe(.notice(reason)) }
        } catch {
          environment.observe(.notice("the catalog could not be signed: \(error)"))
        }
      })
    for notice in state.notices { environment.observe(.notice(notice)) }
    return state
  }

  /// Holds the keeper's own catalogs, those of its shards too, to their chains, their signatures and their archives.
  /// - Throws: `.state` where a chain does not hold or a catalog cannot be read; `.keys` where gpg cannot be asked.
  public func checkCatalogs() throws(VerifyError) -> [CatalogCondition] {
    let folders: [String]
    do { folders = [configuration.state] + (try Shard.folders(in: configuration.state)) } catch {
      throw VerifyError(.state, "\(error)")
    }
    let keys = KeyRingContents(home: configuration.keys.gnupgHome)
    var conditions: [CatalogCondition] = []
    for folder in folders {
      let catalog = try KeeperState.reading(folder)
      var condition = CatalogCondition(
        path: catalog.path, records: catalog.records.count { !$0.event.isArchived }, archived: 0,
        last: catalog.records.last?.time)
      condition.archived = catalog.sequence - condition.records
      condition.findings = CatalogArchives(of: catalog.path).findings(catalog.records)
      let seal = CatalogSeal(
        catalog: catalog, home: configuration.keys.gnupgHome, spec: configuration.keys.signer)
      // A configured signer that cannot be used is told when something is to be signed.
      let key = configuration.keys.signer.isEmpty ? nil : try? seal.key(at: environment.clock()).fingerprint
      switch try seal.judge(key) {
      case .absent: condition.signature = "not signed"
      case .holds(let head, let signer, let unsigned):
        condition.signature =
          "\(head.records) records signed by \(signer) on \(head.time)"
          + (unsigned == 0 ? "" : ", \(unsigned) since are not signed yet")
      case .broken(let finding): condition.findings.append(finding)
      }
      let named = [configuration.keys.signer, seal.named?.description ?? ""]
      condition.warnings = keys.expiringSigners(named, now: environment.clock()).map { ($0.text, $0.hint) }
      conditions.append(condition)
    }
    return conditions
  }

  /// Signs the keeper's catalog as it is, also where the signature that is there does not hold: a person has looked.
  /// - Returns: the signer's fingerprint.
  /// - Throws: `.keys` where no signer is configured or it cannot sign.
  public func signCatalog() throws(VerifyError) -> String {
    guard !configuration.keys.signer.isEmpty else {
      throw VerifyError(
        .keys, "the keeper has no key to sign its catalog with",
        hint: "'redoubt-verify init' makes one; name it in verify.toml: [keys] signer = \"keeper@example.com\"")
    }
    let state = try KeeperState(folder: configuration.state, now: environment.clock())
    for notice in state.notices { environment.observe(.notice(notice)) }
    let seal = CatalogSeal(
      catalog: state.catalog, home: configuration.keys.gnupgHome, spec: configuration.keys.signer)
    let key = try seal.key(at: environment.clock())
    try seal.sign(key, at: environment.clock())
    return "\(key.fingerprint)"
  }

  /// The keeper's records, those of its shards and of archives too: each catalog with its name, which is empty for the
  /// keeper's own.
  /// - Parameter isWhole: whether archives are read as well.
  public func catalogs(isWhole: Bool) throws(VerifyError) -> [(name: String, records: [CatalogRecord])] {
    let folders: [String]
    do { folders = [configuration.state] + (try Shard.folders(in: configuration.state)) } catch {
      throw VerifyError(.state, "\(error)")
    }
    var catalogs: [(name: String, records: [CatalogRecord])] = []
    for folder in folders {
      let name = folder == configuration.state ? "" : String(folder.split(separator: "/").last ?? "")
      let catalog = try KeeperState.reading(folder)
      do throws(CatalogError) {
        let records = isWhole ? try CatalogArchives(of: catalog.path).whole(catalog.records) : catalog.records
        catalogs.append((name, records))
      } catch {
        throw VerifyError(.state, "\(error)", hint: "'redoubt-verify catalog check' tells what is wrong with archives")
      }
    }
    return catalogs
  }

  /// A node's catalog as it was last seen, epoch by epoch; storage is not asked.
  /// - Throws: `.notFound` where the configuration has no such node.
  public func catalog(ofNode host: String) throws(VerifyError) -> [(name: String, records: [CatalogRecord])] {
    _ = try places(SnapshotSelection(hosts: [host]))
    let cache = NodeCatalogCache(state: configuration.state, host: host)
    let names: [String]
    do { names = try Paths.names(in: cache.folder) } catch { throw VerifyError(.state, "\(error)") }
    return names.compactMap { $0.hasSuffix(".jsonl") ? Epoch($0.dropLast(6)) : nil }.sorted().map {
      (name: "\($0)", records: cache.read($0).records)
    }
  }
}

extension CatalogEvent {
  var isArchived: Bool { if case .archived = self { true } else { false } }
}
