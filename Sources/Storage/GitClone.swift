internal import Files
internal import Glibc
internal import Processes

/// A bare repository that holds what is needed of a remote branch's tip. It is a cache: whatever is wrong with it, it is
/// made again.
///
/// Errors whose subject is `folder` are its own; the others are the remote's.
struct GitClone {
  enum Extent {
    /// The tip's commit and trees: who only adds has no use for content, and holds none of it.
    case trees
    /// The tip with all content.
    case everything
  }

  let folder: String
  let extent: Extent
  let git: GitProgram

  /// The tip as it was last seen.
  private static let tipReference = "refs/redoubt/tip"
  /// Bytes of a listing or of packed trees: far more than a tree of a million objects has.
  private static let listingLimit = 1 << 30

  private var remoteBranch: String { "refs/heads/\(git.settings.branch)" }

  // MARK: The folder

  /// Makes it where it is not there, or was made for another remote.
  func prepare() throws(StorageError) {
    // A configuration that cannot be read is as good as none.
    let isOurs = (try? FileContent.read("\(folder)/config", maximumLength: 1 << 16)) == configuration
    guard isOurs, Paths.exists("\(folder)/HEAD"), Paths.exists("\(folder)/objects"), Paths.exists("\(folder)/refs")
    else { return try remake() }
    // Left behind by a git that was killed; whoever uses this folder holds its lock.
    for name in ["shallow.lock", "packed-refs.lock", "redoubt-index.lock", "\(Self.tipReference).lock"] {
      unlink("\(folder)/\(name)")
    }
  }

  func remake() throws(StorageError) {
    guard removeTree(folder) || !Paths.exists(folder) else {
      throw StorageError(.denied, folder, "cannot be emptied to be made again")
    }
    do throws(FileError) { try Paths.makeFolders(Paths.parent(folder)) } catch {
      throw StorageError(error.errno, "make the folder", folder)
    }
    try succeed("make the clone", git.run(["init", "--quiet", "--bare", "--template=", folder], in: nil))
    chmod(folder, 0o700)
    do throws(FileError) { try FileContent.write(configuration, to: "\(folder)/config", mode: 0o600) } catch {
      throw StorageError(error.errno, "configure the clone", folder)
    }
  }

  /// The remote's address stands here alone, not on command lines, which every user of the machine can read.
  private var configuration: [UInt8] {
    let quoted = git.settings.remote.exposed.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] }
    let level = git.settings.compresses ? -1 : 0
    let isPartial = extent == .trees
    return Array(
      """
      # Made by redoubt, and made again where it is damaged.
      [core]
      \trepositoryformatversion = \(isPartial ? 1 : 0)
      \tbare = true
      \thooksPath = /dev/null
      \tprotectHFS = false
      \tprotectNTFS = false
      \tcompression = \(level)
      \tlooseCompression = \(level)
      \tbigFileThreshold = 1m
      [pack]
      \tcompression = \(level)
      \twindow = 0
      [user]
      \tname = redoubt
      \temail = redoubt@localhost
      [commit]
      \tgpgSign = false
      [push]
      \tgpgSign = false
      \tfollowTags = false
      [gc]
      \tauto = 0
      [maintenance]
      \tauto = false
      [remote "origin"]
      \turl = "\(String(quoted))"
      \(isPartial ? "\tpromisor = true\n\tpartialclonefilter = blob:none\n[extensions]\n\tpartialClone = origin" : "")

      """.utf8)
  }

  // MARK: The tip

  /// The commit that the branch stood at when it was last seen.
  func knownTip() throws(StorageError) -> String? {
    let outcome = try git.run(["rev-parse", "--verify", "--quiet", Self.tipReference], in: folder)
    if outcome.succeeded { return text(outcome) }
    guard outcome.ending == .exited(1) else { throw failure("read the tip", outcome) }
    return nil
  }

  func setKnownTip(_ commit: String?) throws(StorageError) {
    let arguments = commit.map { [Self.tipReference, $0] } ?? ["-d", Self.tipReference]
    try succeed("note the tip", git.run(["update-ref"] + arguments, in: folder))
  }

  /// The commit that the branch stands at; nil where there is no such branch.
  func remoteTip() throws(StorageError) -> String? {
    let outcome = try git.run(
      ["ls-remote", "origin", remoteBranch], in: folder, timeout: GitProgram.questionTimeout)
    guard outcome.succeeded else { throw GitFailure.remote(outcome, git.settings) }
    for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: "\t")
      if words.count == 2, words[1] == remoteBranch { return String(words[0]) }
    }
    return nil
  }

  /// Fetches the branch's tip.
  /// - Parameter history: with the commits since the tip that is known, to see whether it follows from that.
  func fetch(history: Bool) throws(StorageError) {
    var arguments = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
    if !history { arguments.append("--depth=1") }
    if extent == .trees { arguments.append("--filter=blob:none") }
    let outcome = try git.run(
      arguments + ["origin", "+\(remoteBranch):\(Self.tipReference)"], in: folder, timeout: GitProgram.fetchTimeout)
    guard outcome.succeeded else { throw GitFailure.remote(outcome, git.settings) }
  }

  func follows(_ commit: String, from earlier: String) throws(StorageError) -> Bool {
    let outcome = try git.run(["merge-base", "--is-ancestor", earlier, commit], in: folder)
    switch outcome.ending {
    case .exited(0): return true
    case .exited(1): return false
    default: throw failure("compare commits", outcome)
    }
  }

  /// All files of a commit below the prefix.
  func listing(_ commit: String) throws(StorageError) -> GitTip {
    var arguments = ["ls-tree", "-r", "-z", "--full-tree"]
    if extent == .everything { arguments.append("-l") }
    arguments.append(commit)
    if !git.settings.prefix.isEmpty { arguments.append("\(git.settings.prefix)/") }
    let outcome = try git.run(arguments, in: folder, outputLimit: Self.listingLimit)
    try succeed("list the tip", outcome)
    return GitTip(commit: commit, listing: outcome.output)
  }

  // MARK: Content

  /// - Returns: its id.
  func store(_ content: [UInt8]) throws(StorageError) -> String {
    let outcome = try git.run(["hash-object", "-w", "--stdin"], in: folder, input: content)
    try succeed("take an object", outcome)
    return text(outcome)
  }

  func content(_ id: String, size: Int) throws(StorageError) -> [UInt8] {
    let outcome = try git.run(["cat-file", "blob", id], in: folder, outputLimit: size + 1)
    try succeed("read an object", outcome)
    return outcome.output
  }

  // MARK: Commits

  /// Makes a commit on top of another.
  /// - Parameter base: nil for a first commit.
  func commit(on base: String?, _ changes: [GitPath: GitChange], title: String) throws(StorageError) -> String {
    let index = "\(folder)/redoubt-index"
    unlink(index)
    defer { unlink(index) }
    if let base { try succeed("read the tip", git.run(["read-tree", base], in: folder, index: index)) }
    var lines: [UInt8] = []
    for (path, change) in changes {
      switch change {
      case .store(let file): lines += "\(file.mode) \(file.id)\t".utf8 + path + [0]
      case .remove: lines += "0 \(String(repeating: "0", count: 40))\t".utf8 + path + [0]
      }
    }
    try succeed(
      "gather the changes", git.run(["update-index", "-z", "--index-info"], in: folder, index: index, input: lines))
    let tree = try git.run(["write-tree", "--missing-ok"], in: folder, index: index)
    try succeed("write the tree", tree)
    let commit = try git.run(
      ["commit-tree", text(tree)] + (base.map { ["-p", $0] } ?? []), in: folder, input: Array("\(title)\n".utf8))
    try succeed("commit", commit)
    return text(commit)
  }

  /// Pushes a commit, never by force.
  /// - Parameters:
  ///   - bytes: of its content, for the time it may take.
  ///   - rehearses: whether nothing is sent.
  /// - Returns: false where the branch has moved on meanwhile.
  func push(_ commit: String, bytes: Int, rehearses: Bool = false) throws(StorageError) -> Bool {
    let options = rehearses ? ["--dry-run"] : []
    // No deltas against what the remote has: that is not here.
    let outcome = try git.run(
      ["push", "--porcelain", "--no-verify", "--no-thin", "--no-signed"] + options
        + ["origin", "\(commit):\(remoteBranch)"],
      in: folder, timeout: GitProgram.localTimeout + Double(bytes) / 32768)
    if outcome.succeeded { return true }
    for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\n") where line.hasPrefix("!") {
      let state = String(line.split(separator: "\t").last ?? "")
      if state.hasPrefix("[rejected]") || Self.lostRaces.contains(where: { state.contains($0) }) { return false }
      throw GitFailure.rejected(reason(in: state), outcome, git.settings)
    }
    throw GitFailure.remote(outcome, git.settings)
  }

  /// What a remote says where another push came first while this one was underway (git's `refs.c`, `receive-pack.c`).
  private static let lostRaces = [
    "failed to update ref", "cannot lock ref", "incorrect old value provided", "reference already exists",
    "remote ref updated",
  ]

  /// The words in parentheses.
  private func reason(in state: String) -> String {
    guard let open = state.lastIndex(of: "("), let close = state.lastIndex(of: ")"), open < close else { return state }
    return String(state[state.index(after: open)..<close])
  }

  // MARK: Forgetting

  /// Keeps a commit and its trees, and nothing else: neither content nor history.
  /// - Parameter sparing: whether what was taken here, and is still to be pushed, is kept too.
  func keepOnlyTrees(of commit: String, sparing: Bool = false) throws(StorageError) {
    do throws(FileError) { try FileContent.write(Array("\(commit)\n".utf8), to: "\(folder)/shallow") } catch {
      throw StorageError(error.errno, "cut the history of the clone", folder)
    }
    try setKnownTip(commit)
    let packed = try git.run(
      ["pack-objects", "--revs", "--stdout", "--quiet", "--filter=blob:none"], in: folder,
      input: Array("\(commit)\n".utf8), outputLimit: Self.listingLimit)
    try succeed("pack the trees", packed)
    let indexed = try git.run(["index-pack", "--stdin", "--promisor"], in: folder, input: packed.output)
    try succeed("keep the trees", indexed)
    let kept = text(indexed).split(separator: "\t").last.map(String.init) ?? ""
    for name in try GitFolder.names(in: "\(folder)/objects") where name.utf8.count == 2 && !sparing {
      removeTree("\(folder)/objects/\(name)")
    }
    for name in try GitFolder.names(in: "\(folder)/objects/pack") where !name.hasPrefix("pack-\(kept).") {
      unlink("\(folder)/objects/pack/\(name)")
    }
  }

  // MARK: Outcomes

  private func succeed(_ action: String, _ outcome: ProgramOutcome) throws(StorageError) {
    if !outcome.succeeded || outcome.isOutputCut { throw failure(action, outcome) }
  }

  private func failure(_ action: String, _ outcome: ProgramOutcome) -> StorageError {
    let complaint = GitSettings.withoutCredentials(outcome.lastComplaint)
    let isFull = complaint.contains("No space left") || complaint.contains("quota")
    return StorageError(
      isFull ? .full : .server, folder,
      "git cannot \(action): \(complaint.isEmpty ? outcome.description : complaint)",
      hint: isFull ? "free some room on that disk" : "this folder can be deleted: it is made again")
  }

  private func text(_ outcome: ProgramOutcome) -> String {
    String(String(decoding: outcome.output, as: UTF8.self).prefix { $0 != "\n" })
  }
}
