internal import Files
internal import Storage

/// Prepares a removable destination's medium, once: makes its folder and the marker without which nothing is stored there.
public struct MediumSetup: Sendable {
  /// The node's configuration file.
  public var configuration: String
  /// The destination's name in it.
  public var destination: String

  public init(configuration: String, destination: String) {
    self.configuration = configuration
    self.destination = destination
  }

  /// Changes nothing where the medium is prepared already.
  /// - Throws: where the destination is no removable one; where its folder is on the machine's own disk, which is what an
  ///   unmounted medium looks like.
  public func run() throws(SetupError) -> SetupReport {
    let (node, chosen) = try chosen()
    let (folder, state) = (chosen.path, node.state)
    if !state.isEmpty { try SetupReport.become(ownerOf: state) }
    var report = SetupReport()
    let above = Paths.exists(folder) ? folder : Paths.parent(folder)
    guard let mountPoint = mountPoint(of: above) else {
      throw SetupError(above, "does not exist", hint: "connect and mount the medium")
    }
    guard mountPoint != "/" else {
      throw SetupError(
        above, "is on the file system of /: no medium is mounted there",
        hint: "mount it first; a folder on this machine's own disk has location = \"local\"")
    }
    if above != folder { try report.makeFolder(folder, mode: 0o700, "folder") }
    do throws(StorageError) {
      if let marker = try MediumMarker.read(in: folder) {
        report.note(false, "medium", "\(marker.id), on the file system mounted at \(mountPoint)")
        return report
      }
    } catch {
      throw SetupError(error.subject, error.reason, hint: error.hint)
    }
    let marker = MediumMarker()
    do { try marker.write(in: folder) } catch {
      throw SetupError(folder, "cannot make \(MediumMarker.name): \(error.errno)")
    }
    report.note(true, "medium", "\(marker.id), on the file system mounted at \(mountPoint)")
    return report
  }

  private func chosen() throws(SetupError) -> (NodeConfiguration, DestinationConfiguration) {
    let hint = "mend it: redoubt check names all problems"
    guard let node = NodeConfiguration.inspect(configuration).configuration else {
      throw SetupError(configuration, "cannot be read", hint: hint)
    }
    guard let found = node.destinations.first(where: { $0.name == destination }) else {
      throw SetupError(
        configuration, "there is no usable destination named '\(destination)'",
        hint: "there are \(node.destinations.map(\.name).joined(separator: ", "))")
    }
    guard found.isMedium else {
      throw SetupError(
        destination, "is no removable medium", hint: "only a destination with location = \"removable\" is prepared")
    }
    return (node, found)
  }
}
