import Files
import Policy

extension ServiceUser {
  /// Becomes the owner of a configuration's state folder, as far as the configuration names one.
  static func become(
    ownerOf report: ConfigurationReport<NodeConfiguration>, keeping rights: Rights
  ) throws(FileError) {
    guard let state = report.configuration?.state, !state.isEmpty else { return }
    try become(ownerOf: state, keeping: rights)
  }
}
