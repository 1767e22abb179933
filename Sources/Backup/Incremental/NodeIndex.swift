internal import Files
internal import Index
internal import Repository

/// The node's index as a run uses it: opened, or begun anew where what is there cannot be relied on.
///
/// Nothing old is referred to unless the index provably belongs to the state that is in use: it names the same epoch (a
/// new epoch begins where storage holds records that the state does not know of), its last publication is one of the two
/// that the state remembers, and it was used within `idleLimit`. Losing it costs a complete upload, never data.
final class NodeIndex {
  let file: IndexFile
  /// What an operator should know: why the index was begun anew.
  private(set) var notices: [String] = []

  /// An index that was not used for longer is not trusted: the keeper protects what it may refer to for 45 days.
  static let idleLimit: Int64 = 30 * 86400

  /// - Parameter folder: the state folder.
  static func path(in folder: String) -> String { "\(folder)/index.sqlite" }

  /// - Parameters:
  ///   - random: for a new key of the gear table.
  ///   - marks: by set, the publications that the state remembers.
  init(
    folder: String, epoch: Epoch, now: Timestamp, marks: [String: [String]], random: () -> UInt64
  ) throws(BackupError) {
    let path = Self.path(in: folder)
    do {
      do throws(IndexError) { file = try IndexFile.open(path) } catch {
        guard error.code == .notAnIndex || error.code == .damaged else { throw error }
        notices.append("\(error); it is begun anew, which costs a complete upload")
        try IndexFile.remove(path)
        file = try IndexFile.open(path)
      }
      if let reason = try distrust(epoch, now, marks) {
        notices.append("the index is begun anew (\(reason)), which costs a complete upload")
        try file.removeAll()
      }
      try forgetLost(marks, folder)
      if try file.value("epoch") == nil { try ArrivalJournal.discardAll(folder: folder) }
      if try file.value("gear-key") == nil {
        let key = (0..<4).flatMap { _ in withUnsafeBytes(of: random().littleEndian) { Array($0) } }
        try file.setValue("gear-key", key)
      }
      try file.setValue("epoch", Array(epoch.description.utf8))
      try file.setValue("used", Array(String(now.seconds).utf8))
      try file.commit()
    } catch {
      throw BackupError(.state, "\(error)", hint: (error as? IndexError)?.hint)
    }
  }

  /// Why the index is not to be relied on; nil where it is.
  private func distrust(
    _ epoch: Epoch, _ now: Timestamp, _ marks: [String: [String]]
  ) throws(IndexError) -> String? {
    guard let known = try text("epoch") else { return nil }
    if known != epoch.description { return "it belongs to epoch \(known)" }
    if let used = try text("used").flatMap({ Int64($0) }), now.seconds - used > Self.idleLimit {
      return "it was not used for more than \(Self.idleLimit / 86400) days"
    }
    for (set, remembered) in marks where !remembered.isEmpty {
      guard try file.setNames().contains(set) else { continue }
      guard let mark = try file.set(set).value("published") else { continue }
      let published = String(decoding: mark, as: UTF8.self)
      if !remembered.contains(published) { return "it is older than the state: set \(set) stands at \(published)" }
    }
    return nil
  }

  /// What a destination has lost that the index knows of is not to be referred to.
  private func forgetLost(_ marks: [String: [String]], _ folder: String) throws {
    let lost = marks.filter(\.value.isEmpty).keys.sorted()
    for view in lost where try file.setNames().contains(view) {
      let set = view.prefix { $0 != "@" }
      notices.append("\(set): what a destination held is gone; everything is sent to it once more")
      try ArrivalJournal(folder: folder, set: view).clear()
      try file.removeSet(view)
      try file.commit()
    }
  }

  private func text(_ key: String) throws(IndexError) -> String? {
    try file.value(key).map { String(decoding: $0, as: UTF8.self) }
  }

  func gearKey() throws -> [UInt8] { try file.value("gear-key") ?? [] }
}

extension SetIndex {
  /// A text kept for this set.
  func text(_ key: String) throws(IndexError) -> String? { try value(key).map { String(decoding: $0, as: UTF8.self) } }
  func setText(_ key: String, _ text: String?) throws(IndexError) { try setValue(key, text.map { Array($0.utf8) }) }
}
