internal import Archive
internal import Channels
internal import Files
internal import Glibc
internal import Policy
public import Repository
internal import Storage

/// What to restore, and where.
public struct RestoreRequest: Sendable, Equatable {
  public var selection: SnapshotSelection
  /// A folder; made where it does not exist.
  public var target: String
  /// Paths of the snapshot, with or without a leading slash, as they are or escaped as `ls` shows them; empty for
  /// everything.
  public var paths: [String] = []
  /// Tells what would be restored, and writes nothing.
  public var dryRun = false
  /// Restores into a folder that is not empty, replacing what stands in the way.
  public var force = false
  /// Makes device nodes too (as root).
  public var devices = false

  public init(selection: SnapshotSelection, target: String) {
    self.selection = selection
    self.target = target
  }
}

/// What a restore came to.
public struct RestoreReport: Sendable, Equatable {
  public var reference: SnapshotReference
  public var entries: Int
  public var bytes: UInt64
  public var seconds: Double
  /// Damage, and what could not be restored as it was stored: the first ten thousand, and of each kind one.
  public var findings: [Finding]
  /// How many there were.
  public var findingCount: Int

  static let findingLimit = 10_000
}

extension Keeper {
  /// Restores a snapshot or paths of it. Each volume is taken from the first destination that has a sound copy; only
  /// content with its recorded SHA-256 stays.
  /// - Throws: where it could not be begun or ended: no snapshot, a target that is not empty, no room.
  public func restore(_ request: RestoreRequest) throws(VerifyError) -> RestoreReport {
    let began = environment.clock()
    do {
      if !request.dryRun { try checkTarget(request) }
      let located = try locate(request.selection)
      let plan = try RestorePlan(
        located.manifest, paths: try request.paths.map { try EntryPath.find($0, in: located.manifest) })
      if !request.dryRun {
        // Made only now: where nothing can be restored, nothing is left behind.
        do { try Paths.makeFolders(request.target, mode: 0o700) } catch {
          throw VerifyError(.target, "\(error)", hint: "name a folder that can be written")
        }
      }
      var findings: [Finding] = []
      var codes: Set<Finding.Code> = []
      var count = 0
      let report = { [environment] (finding: Finding) in
        environment.observe(.finding(finding))
        count += 1
        if codes.insert(finding.code).inserted || findings.count < RestoreReport.findingLimit {
          findings.append(finding)
        }
      }
      let restored =
        located.manifest.isIncremental
        ? try restoreChunks(located, plan, request, report) : try restoreArchive(located, plan, request, report)
      let ended = environment.clock()
      return RestoreReport(
        reference: located.reference, entries: restored.entries, bytes: restored.bytes,
        seconds: Double(ended.seconds - began.seconds) + Double(ended.nanoseconds - began.nanoseconds) / 1e9,
        findings: findings, findingCount: count)
    } catch let error as VerifyError {
      throw error
    } catch let error as ManifestError {
      // A listing that contradicts the format, under a good signature.
      throw VerifyError(.damaged, "the restore is incomplete: the manifest is malformed: \(error)")
    } catch {
      throw VerifyError(.target, "the restore is incomplete: \(error)")
    }
  }

  private func restoreArchive(
    _ located: Located, _ plan: RestorePlan, _ request: RestoreRequest, _ report: @escaping (Finding) -> Void
  ) throws -> (entries: Int, bytes: UInt64) {
    tellStart(located, plan.volumes)
    if request.dryRun { return (plan.entries, plan.bytes) }
    let receiver = try TreeReceiver(
      target: request.target, plan: plan, overwrite: request.force, devices: request.devices)
    let volumes = located.manifest.fetching(plan.volumes, from: located.source, level: .readable)
    defer { volumes.stop() }
    let listing = ListingCursor(located.manifest)
    defer { listing.stop() }
    let reading = SnapshotReading(
      volumes: volumes, listing: listing, receiver: receiver,
      expectsAll: plan.volumes.count == located.manifest.volumes.count, isCancelled: environment.isCancelled,
      report: report, progress: makeProgress())
    try reading.read()
    for note in receiver.finish() { report(note.finding) }
    return (receiver.entries, receiver.bytes)
  }

  private func restoreChunks(
    _ located: Located, _ plan: RestorePlan, _ request: RestoreRequest, _ report: (Finding) -> Void
  ) throws -> (entries: Int, bytes: UInt64) {
    let tree =
      request.dryRun
      ? nil
      : try ContentTree(target: request.target, plan: plan, overwrite: request.force, devices: request.devices)
    let reading = try ContentReading(
      located.manifest, plan: plan, tree: tree, in: environment)
    tellStart(located, reading.volumes)
    guard let tree else { return (plan.entries, plan.bytes) }
    try reading.read(reading.volumes, from: located.source, report: report, progress: makeProgress())
    for note in tree.notes.take() { report(note.finding) }
    return (tree.count, tree.bytes)
  }

  private func tellStart(_ located: Located, _ volumes: [VolumeRecord]) {
    environment.observe(
      .started(
        located.reference, destination: "", volumes: volumes.count,
        bytes: volumes.reduce(0) { $0 + UInt64($1.size) }))
  }

  private func makeProgress() -> (VolumeRecord) throws -> Void {
    var (count, bytes) = (0, UInt64(0))
    return { [environment] volume in
      if environment.isCancelled() { throw VerifyError(.cancelled, "stopped by a signal; the restore is incomplete") }
      count += 1
      bytes += UInt64(volume.size)
      environment.observe(.progress(volumes: count, bytes: bytes))
    }
  }

  private func checkTarget(_ request: RestoreRequest) throws(VerifyError) {
    guard !request.force, let folder = opendir(request.target) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let isDot = withUnsafeBytes(of: &entry.pointee.d_name) { name in
        name[0] == UInt8(ascii: ".") && (name[1] == 0 || (name[1] == UInt8(ascii: ".") && name[2] == 0))
      }
      if !isDot {
        throw VerifyError(
          .target, "\(request.target) is not empty", hint: "choose an empty folder, or --force to replace what is there"
        )
      }
    }
  }
}
