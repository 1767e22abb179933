internal import Archive
internal import Channels
internal import Files
internal import Glibc
internal import Repository

/// Something that is not in a restored folder as it was stored.
struct RestoreNote: Sendable {
  enum Cause: Sendable {
    case damage
    /// It would have taken root.
    case privilege
    /// The file system, or another limit of this machine.
    case machine
  }

  /// As in `Entry.path`.
  var path: [UInt8]
  var detail: String
  var cause: Cause
  var finding: Finding { Finding(.notRestored, path.displayPath, detail) }
}

/// Notes from several threads, until one takes them.
final class RestoreNoteList: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var notes: [RestoreNote] = []

  /// How many are kept: where a restore is so far from what was stored, more tell nothing new.
  static let limit = 100_000

  func add(_ path: [UInt8], _ detail: String, _ cause: RestoreNote.Cause) {
    monitor.locked {
      if notes.count < Self.limit { notes.append(RestoreNote(path: path, detail: detail, cause: cause)) }
    }
  }

  /// Notes what an extractor could not set.
  func add(_ finding: ExtractionFinding) {
    add(finding.path, finding.detail, finding.needsRoot ? .privilege : .machine)
  }

  /// Notes an entry that an extractor refused.
  func add(_ error: ArchiveError, _ entry: Entry) {
    add(entry.path, error.reason, entry.kind.isDevice && !ServiceUser.canChangeOwners ? .privilege : .machine)
  }

  /// Hands them out, and is empty again.
  func take() -> [RestoreNote] {
    monitor.locked {
      defer { notes = [] }
      return notes
    }
  }
}

extension Entry.Kind {
  fileprivate var isDevice: Bool {
    switch self {
    case .characterDevice, .blockDevice: true
    case .file, .directory, .symbolicLink, .hardLink, .fifo: false
    }
  }
}
