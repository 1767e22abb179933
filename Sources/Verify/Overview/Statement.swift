internal import Files
internal import OpenPGP
internal import Policy
internal import Repository

/// What a keeper can say to a client about one set: what was restored, when, from which snapshot, with which digests, and
/// what was not proven. A text for people, signed so that it can be checked with gpg alone.
public struct Statement: Sendable {
  public var host: String
  public var set: String
  /// Concerns that are open, notices not counted.
  public var openConcerns: Int
  /// Sound restores that it tells of, one for each destination.
  public var restores: Int
  /// The signer's primary key.
  public var signer: String
  /// The text in clear with its signature, as `gpg --verify` takes it.
  public var signed: [UInt8]
}

extension Keeper {
  /// Makes the statement of one set, of what is recorded now; storage is not asked.
  /// - Parameter host: nil where one node alone has the set.
  /// - Throws: `.keys` where there is no signing key to be had, `.notFound` where the set is not known, not clear, or
  ///   was never restored; `.state` where the keeper's catalog cannot be used.
  public func statement(of set: String, host: String?) throws(VerifyError) -> Statement {
    let now = environment.clock()
    let signer = try statementSigner(at: now)
    let knowledge = try KeeperKnowledge.read(configuration)
    let overview = try KeeperOverview(knowledge, now: now).only(hosts: host.map { [$0] } ?? [], sets: [set])
    guard let member = overview.sets.first, overview.sets.count == 1 else {
      throw VerifyError(
        .notFound, "several nodes have a set named \(set)",
        hint: "choose one with --host: \(overview.sets.map(\.host).joined(separator: ", "))")
    }
    let restores = SoundRestore.last(of: member, knowledge.records, now: now)
    guard !restores.isEmpty else {
      throw VerifyError(
        .notFound, "no snapshot of \(member.name) was ever restored and found sound: there is nothing to state",
        hint: "redoubt-verify drill --host \(member.host) --set \(member.set) rehearses a restore and records it")
    }
    let node = knowledge.nodes[member.host]?.records ?? []
    let text = StatementText(
      overview: overview, set: member, restores: restores, stored: StoredSnapshots(of: set, node),
      signer: signer.key, now: now
    ).text
    do {
      return Statement(
        host: member.host, set: member.set, openConcerns: overview.concerns.count { $0.severity > .notice },
        restores: restores.count, signer: "\(signer.key.fingerprint)", signed: try signer.sign(text))
    } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
  }

  private func statementSigner(at now: Timestamp) throws(VerifyError) -> ClearSigner {
    let home = configuration.keys.gnupgHome
    guard !configuration.keys.signer.isEmpty else {
      throw VerifyError(
        .keys, "the keeper has no key to sign a statement with",
        hint: "'redoubt-verify init' makes one; name it in verify.toml: [keys] signer = \"keeper@example.com\"")
    }
    do throws(OpenPGPError) {
      let key = try KeyRing(home: home).signer(configuration.keys.signer, at: now)
      return try ClearSigner(home: home, key: key, at: now)
    } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
  }
}

/// A snapshot that was restored to scratch space at one destination and found sound.
struct SoundRestore {
  var verification: Verification
  var time: Timestamp
  /// The drill that it was a part of.
  var drill: Drill?

  /// The last one at each destination, those of the newest snapshots first.
  static func last(of set: SetOverview, _ records: [CatalogRecord], now: Timestamp) -> [SoundRestore] {
    var last: [String: SoundRestore] = [:]
    let latest = now.adding(DueRule.clockTolerance)
    for record in records {
      switch record.event {
      case .verification(let it)
      where it.host == set.host && it.set == set.set && it.level == .restored && it.result == .sound
        && record.time <= latest:
        last[it.destination] = SoundRestore(verification: it, time: record.time)
      case .verification(let it)
      where it.host == set.host && it.set == set.set && it.result == .damaged
        && last[it.destination]?.verification.snapshot == it.snapshot:
        // Nobody is told that a snapshot was restored which was found damaged since.
        last[it.destination] = nil
      case .drill(let it)
      where it.host == set.host && it.set == set.set && it.result == .sound
        && last[it.destination]?.verification.snapshot == it.snapshot:
        last[it.destination]?.drill = it
      default: break
      }
    }
    return last.values.sorted {
      ($0.verification.snapshot, $1.verification.destination) > ($1.verification.snapshot, $0.verification.destination)
    }
  }
}

/// What the node recorded of a set's snapshots, by id.
struct StoredSnapshots {
  private var snapshots: [String: SnapshotStored] = [:]

  init(of set: String, _ records: [CatalogRecord]) {
    for record in records {
      if case .snapshot(let stored) = record.event, stored.set == set { snapshots[stored.snapshot] = stored }
    }
  }

  subscript(_ snapshot: String) -> SnapshotStored? { snapshots[snapshot] }
}
