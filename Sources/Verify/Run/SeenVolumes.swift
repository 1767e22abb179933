internal import Repository

/// Which volumes a verification has read and found nothing wrong with, also where it did not come to its end. Used by the
/// verifying thread alone.
final class SeenVolumes {
  private(set) var manifest: Manifest?
  private var seen: [VolumeRecord] = []
  /// Names of the manifest's volumes that nothing was found wrong with. Findings of other things may be many more.
  private var undamaged: Set<String> = []

  func begin(_ manifest: Manifest) {
    self.manifest = manifest
    undamaged = Set(manifest.volumes.map(\.name))
  }

  func add(_ volume: VolumeRecord) { seen.append(volume) }
  func add(_ finding: Finding) { undamaged.remove(finding.path) }

  /// The sound ones, by name.
  var sound: [String] { seen.map(\.name).filter(undamaged.contains) }
}

extension VolumeList {
  /// - Parameter names: of volumes; those of another form are left out.
  init(names: some Sequence<String>) {
    self.init()
    var numbers: [String: [Int]] = [:]
    for name in names {
      guard let (folder, number) = Self.parse(name) else { continue }
      numbers[folder, default: []].append(number)
    }
    for (folder, numbers) in numbers { add(numbers, of: folder) }
  }
}
