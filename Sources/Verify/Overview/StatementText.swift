internal import Files
internal import OpenPGP
internal import Policy
internal import Repository

/// The words of a statement. No line begins with a dash, which clear-signing would escape, or ends with a space, which it
/// would not cover; none holds what others wrote but for names and the operator's own checks.
struct StatementText {
  let overview: KeeperOverview
  let set: SetOverview
  let restores: [SoundRestore]
  let stored: StoredSnapshots
  let signer: Key
  let now: Timestamp

  private static let width = 78

  var text: String {
    var lines: [String] = []
    lines += heading
    for restore in restores { lines += [""] + self.lines(of: restore) }
    lines += [""] + proofs + [""] + limits + [""] + checking
    return lines.joined(separator: "\n") + "\n"
  }

  private var wrong: [Concern] { overview.concerns.filter { $0.severity > .notice } }

  private var heading: [String] {
    var lines = ["STATEMENT ON A BACKUP", ""]
    lines += [
      field("set", "\(set.set) of node \(set.host), class \(set.dataClass.name)"), field("made at", now.rfc3339),
      field("by the key", "\(signer.fingerprint)"),
    ]
    if let name = signer.userIDs.first?.text { lines.append(field("", Self.plain(name))) }
    if let retired = set.retired {
      lines += [
        field("retired", "at \(retired.time.rfc3339) by \(Self.plain(retired.by)): no more backups are asked for")
      ]
    }
    lines.append("")
    if wrong.isEmpty {
      lines += wrapped("No concern is open: what this statement tells is what the set's class asks for.")
    } else {
      lines += wrapped(
        "NOT ALL IS WELL: \(wrong.count) \(wrong.count == 1 ? "concern is" : "concerns are") open, listed below. What was "
          + "restored was restored as told here; whether the same is true of newer data is not.")
    }
    return lines
  }

  private func lines(of restore: SoundRestore) -> [String] {
    let it = restore.verification
    var lines = ["RESTORED FROM \(it.destination)", ""]
    let began = SnapshotID(it.snapshot)?.started
    lines.append(field("snapshot", it.snapshot + (began.map { ", begun at \($0.rfc3339)" } ?? "")))
    if let newest = set.newestSnapshot, newest != it.snapshot {
      lines += wrapped("not the newest one, which is \(newest): see what is not proven", indent: Self.column)
    }
    lines.append(field("restored at", restore.time.rfc3339))
    lines += wrapped(
      "level restored: sound. The signature is the node's; every volume decrypted and unpacked; the whole tree was "
        + "restored, and names, contents, links, modes and times compared with what the node had signed.",
      indent: Self.column)
    if let stored = stored[it.snapshot] {
      lines.append(field("holds", "\(stored.entries) entries, \(stored.bytes) bytes of content"))
      if stored.findings > 0 {
        lines += wrapped(
          "\(stored.findings) entries could not be backed up as they should, as the node noted then",
          indent: Self.column)
      }
    }
    lines.append(field("read", "\(it.objects) objects, \(it.bytes) stored bytes"))
    if let drill = restore.drill { lines += self.lines(of: drill) }
    if let manifest = it.manifest {
      lines += [field("manifest", "SHA-256 of the stored object manifest.tar.zst.gpg:"), field("", manifest)]
    }
    if let content = it.content {
      lines += [field("content", "SHA-256 of all files' names and contents, see below:"), field("", content)]
    } else {
      lines.append(field("content", "no digest was recorded"))
    }
    return lines
  }

  private func lines(of drill: Drill) -> [String] {
    var lines = [
      field(
        "drill",
        "restored in \(Self.seconds(drill.seconds.restore)) s"
          + (drill.standardTools ? ", with gpg, zstd and tar alone" : "")
          + (drill.by.map { ", by \(Self.plain($0))" } ?? ""))
    ]
    lines.append(field("", "the data was \(max(0, drill.age)) s old (recovery point)"))
    if drill.checks.isEmpty { lines.append(field("checks", "the operator has named none")) }
    for (index, check) in drill.checks.enumerated() {
      lines.append(
        field(
          index == 0 ? "checks" : "",
          "\(Self.plain(check.name)): \(check.passed ? "passed" : "failed") in \(Self.seconds(check.seconds)) s"))
    }
    return lines
  }

  private var proofs: [String] {
    var lines = ["LAST SOUND PROOFS", ""]
    for place in set.places {
      for level in VerificationLevel.allCases.reversed() {
        guard let proof = place.proofs[level], proof.level == level else { continue }
        lines.append(field(place.destination, "\(level.rawValue): \(proof.snapshot)"))
        lines.append(field("", "at \(proof.time.rfc3339)"))
      }
    }
    return lines
  }

  private var limits: [String] {
    var lines = ["WHAT IS NOT PROVEN", ""]
    for place in set.places {
      let restored = restores.contains { $0.verification.destination == place.destination }
      if place.isWatched, place.isCurrent, !restored { lines += item("nothing was restored from \(place.destination)") }
      if !place.isWatched { lines += item("\(place.destination): this keeper does not read it") }
      if let proof = place.newestProven, let since = place.unprovenSince {
        lines += item("at \(place.destination): snapshots newer than \(proof.snapshot), from \(since.rfc3339) on")
      } else if place.newestProven == nil, place.standing != .none {
        lines += item("at \(place.destination): no snapshot was proven readable")
      }
    }
    lines += item("that the node was given everything to back up that it should have been given")
    lines += item("what has become of the stored objects since they were read")
    for concern in wrong {
      let place = concern.place.isEmpty ? "" : "\(concern.place): "
      lines += item("\(concern.kind.rawValue): \(place)\(Self.plain(concern.text))")
    }
    return lines
  }

  private var checking: [String] {
    ["HOW TO CHECK", ""]
      + wrapped("That this text is the keeper's and as it was written, with its public key:")
      + ["", "    gpg --verify FILE", ""]
      + wrapped(
        "That a tree is what was restored, in the folder that it was restored to, whose result must be the digest of "
          + "the content:")
      + [
        "", "    find . -type f -print0 | LC_ALL=C sort -z |", "        xargs -0 -r sha256sum -z | sha256sum", "",
      ] + wrapped("That a stored object is what was read:") + ["", "    sha256sum manifest.tar.zst.gpg"]
  }

  // MARK: Layout

  private static let column = 14

  private func field(_ name: String, _ value: String) -> String {
    let label = "  \(name)"
    return label + String(repeating: " ", count: max(1, Self.column - label.count)) + value
  }

  private func item(_ text: String) -> [String] {
    let lines = wrapped(text, indent: 4)
    return ["  * \(lines.first.map { $0.dropFirst(4) } ?? "")"] + lines.dropFirst()
  }

  private func wrapped(_ text: String, indent: Int = 0) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > Self.width {
        lines.append(String(repeating: " ", count: indent) + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [String(repeating: " ", count: indent) + line]
  }

  private static func seconds(_ value: Double) -> String {
    let tenths = Int((max(0, min(value, 1e9)) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// On one line, without control characters: names may come from storage.
  private static func plain(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
  }
}
