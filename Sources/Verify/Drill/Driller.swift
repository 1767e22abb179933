internal import Archive
internal import Files
internal import Glibc
internal import Policy
internal import Repository

/// What a drill does beside a verification to level `restored`: it is told about each stage by the verifier that it asks.
final class Driller {
  let configuration: KeeperConfiguration
  let environment: KeeperEnvironment
  /// nil: by this program itself.
  let standardTools: StandardTools?
  let keepsTree: Bool
  let phases: PhaseTimes
  private(set) var seconds = Drill.Seconds()
  private(set) var checks: [Drill.Check] = []
  private(set) var manifest: Manifest?
  /// Where the tree is, if it is to stay.
  private(set) var keptFolder: String?

  init(
    _ configuration: KeeperConfiguration, _ environment: KeeperEnvironment, phases: PhaseTimes,
    standardTools: StandardTools?, keepsTree: Bool
  ) {
    self.configuration = configuration
    self.environment = environment
    self.phases = phases
    self.standardTools = standardTools
    self.keepsTree = keepsTree
  }

  /// Called before anything is restored.
  /// - Throws: `.target` where the scratch space has no room for the tree.
  func begins(_ manifest: Manifest, in scratch: String) throws(VerifyError) {
    self.manifest = manifest
    var status = statvfs()
    guard statvfs(scratch, &status) == 0 else {
      throw VerifyError(
        .target, "\(FileError("stat", scratch, .current))", hint: "name an existing folder with --scratch")
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    let needed = room(for: manifest)
    guard free >= needed else {
      throw VerifyError(
        .target, "\(scratch) has \(free >> 20) MiB free, and the tree needs \(needed >> 20) MiB",
        hint: "name a folder with more room with --scratch, or [drill] scratch")
    }
  }

  /// Content, a block for each entry, and for standard tools the stored objects and the chunks that they unpack.
  private func room(for manifest: Manifest) -> UInt64 {
    let blocks = UInt64(manifest.description.entries).multipliedReportingOverflow(by: 4096)
    var room = manifest.description.bytes
    room.addClamped(blocks.overflow ? .max : blocks.partialValue)
    if standardTools != nil {
      for volume in manifest.volumes {
        room.addClamped(UInt64(volume.size))
        if manifest.isIncremental { room.addClamped(UInt64(volume.tarSize)) }
      }
    }
    room.addClamped(16 << 20)
    return room
  }

  func restored(in seconds: Double) {
    self.seconds.restore = seconds
    self.seconds.download = phases[.download]
    self.seconds.decrypt = phases[.decrypt]
    self.seconds.extract = phases[.extract]
  }

  /// Runs the operator's checks in the tree that was compared.
  func compared(_ folder: String, in seconds: Double, report: (Finding) -> Void) throws {
    self.seconds.compare = seconds
    guard let description = manifest?.description else { return }
    let mine = configuration.checks.filter {
      $0.set == description.set && ($0.host ?? description.host) == description.host
    }
    guard !mine.isEmpty else { return }
    let began = PhaseTimes.now()
    let runner = CheckRunner(configuration: configuration.drill, isCancelled: environment.isCancelled)
    try runner.prepare(folder)
    for check in mine {
      let result = try runner.run(check, in: folder)
      checks.append(result)
      if !result.passed {
        report(Finding(.checkFailed, check.name, "\(check.command.first ?? "") \(result.ending)"))
      }
    }
    self.seconds.check = PhaseTimes.now() - began
  }

  func keep(_ folder: String) { keptFolder = folder }
}
