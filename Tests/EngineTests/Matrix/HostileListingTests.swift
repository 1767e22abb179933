import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A destination whose listing has what somebody else put there: no name and no size of it leads the keeper astray.
@Suite struct HostileListingTests {
  /// A folder with more in its listing than is there.
  private final class Crowded: ObjectStore {
    let base: DirectoryStore
    let more: [ObjectSummary]

    init(_ base: DirectoryStore, _ keys: [String]) {
      self.base = base
      more = keys.map { ObjectSummary(key: $0, size: .max) }
    }

    func put(_ upload: Upload) throws(StorageError) { try base.put(upload) }
    func remove(_ key: String) throws(StorageError) { try base.remove(key) }
    func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
      if more.contains(where: { $0.key == key }) { return Array("not what it seems".utf8.prefix(maximumLength)) }
      return try base.get(key, maximumLength: maximumLength)
    }
    func size(of key: String) throws(StorageError) -> UInt64? {
      if let planted = more.first(where: { $0.key == key }) { return planted.size }
      return try base.size(of: key)
    }
    func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
      let found = try base.list(prefix: prefix) + more.filter { $0.key.hasPrefix(prefix) }
      return found.sorted { $0.key < $1.key }
    }
    func listFolders(prefix: String) throws(StorageError) -> [String] {
      var folders = Set(try base.listFolders(prefix: prefix))
      for object in more where object.key.hasPrefix(prefix) {
        let rest = object.key.dropFirst(prefix.count)
        if rest.contains("/") { folders.insert(String(rest.prefix { $0 != "/" })) }
      }
      return folders.sorted()
    }
  }

  private func keys(_ house: Household) throws -> [String] {
    let epoch = try #require(try house.objects().first { $0.contains("/catalog/") }).split(separator: "/")[2]
    let numbers = [
      "000000", "0", "-1", "-00001", "999999", "1000000", "9223372036854775807", "9223372036854775808",
      "99999999999999999999999", "x", "", "000001.jsonl.gpg/000001",
    ]
    let segments = numbers.map { "peer-1/catalog/\(epoch)/\($0).jsonl.gpg" }
    let strange = [
      "..", "../..", "a/../..", "20260101T000000Z-0001/..", "20260101T000000Z-0001/../x", "new\nline", "\u{0}",
      "\u{1b}[2J",
      "20260101T000000Z-0001/volume-000001.tar.zst.gpg", "20260101T000000Z-0001/volume-\n.tar.zst.gpg", "é\u{301}", " ",
      "99991231T235959Z-ffff/volume-000001.tar.zst.gpg", "20269999T000000Z-0001/manifest.tar.zst.gpg", "/", "//",
    ]
    return segments + ["peer-1/catalog/20270101T000000Z-00000001/000000.jsonl.gpg"]
      + strange.flatMap { ["peer-1/data/\($0)", "peer-1/\($0)/20260101T000000Z-0001/manifest.tar.zst.gpg"] }
      + ["peer-1/catalog/../data/x", "peer-1/..", "peer-1/"]
  }

  @Test func strangeNamesAreNoSnapshotsAndNoSegments() throws {
    let house = try Household()
    for night in 0..<3 {
      house.clock = { Timestamp(seconds: 1_790_000_000 + Int64(night) * 86400) }
      try house.write("file", "content \(night)")
      try house.backup()
    }
    house.stores["disk"] = Crowded(DirectoryStore("\(house.folder.path)/disk"), try keys(house))
    let verified = try house.verify(.restored, SnapshotSelection(sets: ["data"]))
    #expect(verified.map(\.result) == [.sound], "\(verified)")
    let listed = try house.makeKeeper().list(SnapshotSelection(snapshots: .all))
    #expect(listed.count { $0.isFinished } == 3, "\(listed)")
    let look = try #require(try house.makeKeeper().observe().first)
    #expect(look.unchecked.isEmpty && look.catalog.records.count >= 6)
    // A number that no segment has yet says that those before it are missing; nothing else is wrong.
    #expect(
      look.findings.allSatisfy { [.gap, .newEpoch, .undecryptable].contains($0.finding.code) }, "\(look.findings)")
    house.keeper.keep.last = 1
    let plans = try house.makeKeeper().planPrune(SnapshotSelection(sets: ["data"]))
    let objects = plans.flatMap(\.objects).map(\.key)
    #expect(objects.allSatisfy { !$0.contains("..") && $0.hasPrefix("peer-1/data/20") }, "\(objects)")
  }
}
