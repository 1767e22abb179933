internal import Digests
internal import Policy
internal import Repository
internal import Storage

/// The destinations that one run over a set stores to.
///
/// In mode `incremental` each removable medium is a group of its own, with its own view in the index: what it holds is
/// compared with the sources, whatever the other destinations got while it was away. So a medium that returns costs the
/// others nothing, and media may take turns. The same holds for a destination that missed a snapshot which others got: from
/// then on it is apart, so that neither its absence nor its return has anything sent again that others have. In mode `full`
/// there is one group.
struct RunGroup {
  /// Names of those that are there.
  var names: [String]
  /// The view's name in the index.
  var view: String
  var medium: MountedMedium?
  /// Whether it is one destination that missed an earlier snapshot.
  var isApart = false
  /// The set's destinations that are not there; told by the first group alone.
  var absent: [DestinationOutcome] = []

  /// Whether these are the destinations that are always there and have missed nothing.
  var isCommon: Bool { medium == nil && !isApart }

  /// The view of a destination that is apart.
  static func view(of set: String, apart place: String) -> String {
    "\(set)@\(SHA256.digest(Array(place.utf8)).hex.prefix(16))"
  }
}

/// The node's destinations as they are found when a run over a set begins.
struct PresentDestinations {
  /// What can be written to, in the configuration's order.
  private(set) var destinations: [RunDestination] = []
  /// The media that are there, by destination.
  private(set) var media: [String: MountedMedium] = [:]
  /// Those that are not there, by name, with their outcome and how that is known.
  private(set) var absent: [String: (outcome: DestinationOutcome, reason: String, hint: String?)] = [:]

  /// - Parameter all: what the engine was given.
  init(_ configuration: NodeConfiguration, _ all: [RunDestination]) {
    for destination in configuration.destinations {
      let name = destination.name
      guard let known = all.first(where: { $0.name == name }) else { continue }
      guard let removable = known.writer as? any RemovableWriter else {
        destinations.append(known)
        continue
      }
      do throws(StorageError) {
        switch try removable.presence() {
        case .mounted(let medium):
          media[name] = medium
          destinations.append(RunDestination(name, medium.writer))
        case .absent(let reason, let hint):
          let outcome = DestinationOutcome(name: name, stored: false, skipped: DestinationOutcome.notMounted)
          absent[name] = (outcome, reason, hint)
        }
      } catch {
        absent[name] = (DestinationOutcome(name: name, stored: false, error: "\(error)"), "\(error)", error.hint)
      }
    }
  }

  /// The runs that a set needs; one at least.
  /// - Parameters:
  ///   - places: the configured destinations' places, by name.
  ///   - apart: the places of those that missed a snapshot.
  func groups(for set: SetConfiguration, places: [String: String], apart: [String]) -> [RunGroup] {
    let present = destinations.map(\.name).filter(set.destinations.contains)
    var groups: [RunGroup] = []
    if set.mode == .full {
      groups = [RunGroup(names: present, view: set.name)]
    } else {
      let fixed = present.filter { media[$0] == nil }
      let common = fixed.filter { name in !apart.contains { $0 == places[name] } }
      if !common.isEmpty { groups.append(RunGroup(names: common, view: set.name)) }
      for name in fixed where !common.contains(name) {
        let view = RunGroup.view(of: set.name, apart: places[name] ?? name)
        groups.append(RunGroup(names: [name], view: view, isApart: true))
      }
      for name in present {
        guard let medium = media[name] else { continue }
        groups.append(RunGroup(names: [name], view: "\(set.name)@\(medium.id)", medium: medium))
      }
      if groups.isEmpty { groups = [RunGroup(names: [], view: set.name)] }
    }
    groups[0].absent = set.destinations.compactMap { absent[$0]?.outcome }
    return groups
  }
}

extension MountedMedium {
  /// By what it is known where objects are kept; compare `DestinationConfiguration.place`.
  var place: String { "medium \(id)" }
}
