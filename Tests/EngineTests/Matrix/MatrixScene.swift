import Compression
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A node of two sets that has backed up twice, another node beside it, and a keeper that has looked at all of it: to one
/// destination of the kind that is damaged, and to a folder that is left alone.
final class MatrixScene {
  static let tested = "tested"
  static let other = "other"

  let house: Household
  let place: any DamagedPlace
  let kind: PlaceKind
  let mode: SetConfiguration.Mode
  let keys: MatrixKeys
  /// The snapshot that is damaged, the one before it, one of another set and one of another node.
  let reference: SnapshotReference
  let older: SnapshotReference
  let otherSet: SnapshotReference
  let otherHost: SnapshotReference
  let manifest: Manifest
  /// Of the damaged snapshot's manifest, its members' text by name.
  let members: [String: [UInt8]]
  private var originals: [String: [UInt8]?] = [:]

  private static let start: Int64 = 1_790_000_000

  init(_ kind: PlaceKind, _ mode: SetConfiguration.Mode) throws {
    self.kind = kind
    self.mode = mode
    keys = try MatrixKeys.keys.get()
    let house = try Household(destinations: [Self.tested, Self.other], mode: mode)
    self.house = house
    let folder = "\(house.folder.path)/\(Self.tested)"
    switch kind {
    case .directory: place = FolderPlace(folder)
    case .s3: place = try BucketPlace()
    case .git: place = try RepositoryPlace(house.folder.path)
    case .removable:
      place = FolderPlace(folder)
      house.node.destinations[0].location = .removable
      try MediumMarker().write(in: folder)
    }
    if kind == .s3 || kind == .git { house.stores[Self.tested] = place.node }
    house.keeper.keys.gnupgHome = keys.keeper.home
    house.keeper.nodes[0].trustedSigners += [keys.expired, keys.revoked]
    try Self.backUp(house, mode)
    // A medium that is away at times gets snapshots of its own.
    let snapshots = try house.makeKeeper().list(SnapshotSelection(destinations: [Self.tested], snapshots: .all))
      .map(\.reference)
    let mine = snapshots.filter { $0.set == "data" }
    older = try #require(mine.first)
    reference = try #require(mine.last)
    otherSet = try #require(snapshots.first { $0.set == "second" })
    house.keeper.nodes[0].host = "peer-2"
    otherHost = try house.makeKeeper().open(SnapshotSelection(destinations: [Self.tested])).0
    house.keeper.nodes[0].host = "peer-1"
    let selection = SnapshotSelection(
      sets: ["data"], destinations: [Self.tested], snapshots: .one(reference.snapshot))
    manifest = try house.makeKeeper().open(selection).1
    members = try Self.members(of: place.content(Self.manifestKey(reference)), keys)
    try look()
  }

  private static func backUp(_ house: Household, _ mode: SetConfiguration.Mode) throws {
    if mode == .full { house.node.sets[0].volumeSize = 96 << 10 }
    try house.write("a", Household.noise(50_000, seed: 1))
    try house.write("b", Household.noise(40_000, seed: 2))
    // Over two volumes; or of several chunks.
    try house.write("large", Household.noise(mode == .full ? 150_000 : 1_200_000, seed: 3))
    house.clock = { Timestamp(seconds: start) }
    try store(house)
    try house.write("b", Household.noise(50_000, seed: 4))
    try Paths.makeFolders(house.folder("second"))
    try FileContent.write(Household.noise(30_000, seed: 5), to: house.folder("second/file"))
    var second = house.node.sets[0]
    second.name = "second"
    second.paths = [house.folder("second")]
    house.node.sets.append(second)
    house.clock = { Timestamp(seconds: start + 86400) }
    try store(house)
    // The other node has other files.
    let node = house.node
    house.node.host = "peer-2"
    house.node.state += "-2"
    house.node.sets = [second]
    house.node.sets[0].name = "data"
    try store(house)
    house.node = node
    house.clock = { Timestamp(seconds: start + 90_000) }
  }

  private static func store(_ house: Household) throws {
    let outcomes = try house.backup()
    #expect(!outcomes.isEmpty && outcomes.allSatisfy { $0.status == .stored }, "\(outcomes)")
  }

  // MARK: Objects

  static func manifestKey(_ reference: SnapshotReference) -> String {
    Layout(host: reference.host).manifest(reference.set, reference.snapshot)
  }

  var manifestKey: String { Self.manifestKey(reference) }
  var volumeKeys: [String] { manifest.volumes.map { "peer-1/\($0.name)" } }
  /// The volume that is damaged; in mode `incremental` one that an earlier snapshot stored.
  var victim: Int { mode == .full ? 1 : 0 }
  var victimKey: String { volumeKeys[victim] }
  func content(_ key: String) throws -> [UInt8] { try place.content(key) }

  /// The first volume of another snapshot.
  func volume(of reference: SnapshotReference) throws -> [UInt8] {
    try content(Layout(host: reference.host).volume(reference.set, reference.snapshot, 1))
  }

  /// The segments of the node's catalog, in order.
  var segments: [String] {
    get throws { try place.keys("peer-1/catalog/") }
  }

  // MARK: Damage

  /// Does what a damage says and remembers what was there.
  func plant(_ objects: [String: [UInt8]?]) throws {
    for (key, content) in objects where originals[key] == nil {
      // What was not there is to go again.
      let original: [UInt8]? = try place.keys(key) == [key] ? self.content(key) : nil
      try #require(original != content, "\(key) is not changed")
      originals.updateValue(original, forKey: key)
    }
    try place.plant(objects)
    useReader()
  }

  /// Everything is as it was, also what the keeper knows.
  func mend() throws {
    try place.plant(originals)
    originals = [:]
    try Command.succeed("rm", ["-rf", house.keeper.state])
    try Command.succeed("cp", ["-a", "\(house.keeper.state).before", house.keeper.state])
    useReader()
  }

  private func look() throws {
    useReader()
    #expect(try codes(of: house.makeKeeper().observe(hosts: ["peer-1"]), at: nil).isEmpty)
    try Command.succeed("cp", ["-a", house.keeper.state, "\(house.keeper.state).before"])
  }

  private func useReader() { if kind == .s3 || kind == .git { house.stores[Self.tested] = place.reader() } }

  /// - Returns: nil where there is no such snapshot, and the keeper says so.
  func verify(_ level: VerificationLevel) throws -> Verification? {
    try verify(
      level, SnapshotSelection(sets: ["data"], destinations: [Self.tested], snapshots: .one(reference.snapshot)))
  }

  func verifyOther(_ level: VerificationLevel) throws -> Verification? {
    try verify(level, SnapshotSelection(sets: ["data"], destinations: [Self.other]))
  }

  private func verify(_ level: VerificationLevel, _ selection: SnapshotSelection) throws -> Verification? {
    let (found, isComplete) = try house.makeKeeper().verify(
      selection, level: level, scratch: house.folder("scratch"))
    #expect(isComplete != found.isEmpty)
    return found.first
  }

  func checkCatalog() throws -> [NodeObservation] {
    try house.makeKeeper().observe(hosts: ["peer-1"])
  }

  /// - Parameter destination: nil for all.
  func codes(of observations: [NodeObservation], at destination: String?) -> Set<Finding.Code> {
    Set(
      observations.flatMap(\.findings).filter { destination == nil || $0.destination == destination }.map(
        \.finding.code))
  }

  // MARK: Forging

  private static func members(of message: [UInt8], _ keys: MatrixKeys) throws -> [String: [UInt8]] {
    let folder = try TemporaryFolder()
    let frames = try keys.keeper.gpg(["--decrypt"], input: message).output
    let tar = try Command.succeed("zstd", ["-dcq"], input: frames).output
    try Command.succeed("tar", ["-xf", "-", "-C", folder.path], input: tar)
    var members: [String: [UInt8]] = [:]
    for name in try Command.succeed("ls", [folder.path]).lines { members[name] = try FileContent.read(folder(name)) }
    return members
  }

  /// The manifest's plaintext with other members.
  func manifestText(_ members: [String: [UInt8]]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let order = [
      "snapshot.json", "volumes.tsv", "listing.tsv", "links.tsv", "attributes.tsv", "contents.tsv", "files.mtree",
    ].filter { members[$0] != nil }
    for name in order { try FileContent.write(members[name] ?? [], to: folder(name)) }
    try Command.succeed("tar", ["-cf", "tar"] + order, folder: folder.path)
    return try Compressor(level: 3).compress(try FileContent.read(folder("tar")))
  }

  func message(
    _ text: [UInt8], signed: ForgedSignature = .node, lost: Bool = false
  ) throws -> [UInt8] {
    try keys.encrypt(
      text, signed: signed, node: house.keys.signer, recipient: house.keys.recipient, lost: lost)
  }

  /// A manifest that the node's key signs, with one member changed.
  func forged(_ member: String, _ change: (String) throws -> String) throws -> [String: [UInt8]?] {
    [manifestKey: try message(manifestText(changed(member, change)))]
  }

  func changed(_ member: String, _ change: (String) throws -> String) throws -> [String: [UInt8]] {
    var members = members
    members[member] = Array(try change(String(decoding: members[member] ?? [], as: UTF8.self)).utf8)
    return members
  }
}
