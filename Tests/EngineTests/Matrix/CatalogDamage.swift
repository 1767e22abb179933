import Glibc
import Repository
import Verify

extension Damage {
  /// What happens to a node's catalog, and to snapshots that it tells of.
  static let catalogs: [Damage] = [
    Damage("catalog's newest segment lost", catalog: .rolledBack) { [try $0.segment(-1): nil] },
    Damage("catalog of yesterday put back", catalog: .rolledBack) { scene in
      [try scene.segment(-1): nil, try scene.segment(-2): nil]
    },
    Damage("catalog lost", catalog: .rolledBack) { scene in
      Dictionary(uniqueKeysWithValues: try scene.segments.map { ($0, nil) })
    },
    Damage("catalog's segment in the middle lost", catalog: .gap) { [try $0.segment(1): nil] },
    Damage("catalog's old segment in the newest one's place", catalog: .forked) { scene in
      [try scene.segment(-1): try scene.content(try scene.segment(0))]
    },
    Damage("catalog's old segment as the next one", catalog: .forked) { scene in
      [try scene.nextSegment: try scene.content(try scene.segment(0))]
    },
    Damage("catalog's segment of another host in its place", catalog: .forked) { scene in
      let segments = try scene.place.keys("peer-2/catalog/")
      return [try scene.segment(-1): try scene.content(segments[1])]
    },
    Damage("catalog's newest segment empty", catalog: .undecryptable) { [try $0.segment(-1): []] },
    Damage("catalog's newest segment cut short", catalog: .undecryptable) { scene in
      let key = try scene.segment(-1)
      return [key: try scene.content(key).dropLast()]
    },
    Damage("bit flipped within the catalog", catalog: .undecryptable) { scene in
      let key = try scene.segment(-1)
      let content = try scene.content(key)
      return [key: Change.flip(content, at: content.count / 2)]
    },
    Damage("catalog's newest segment without a signature", catalog: .unsigned) { scene in
      [try scene.segment(-1): try scene.message(scene.records(of: scene.segment(-1)), signed: .nobody)]
    },
    Damage("catalog's newest segment signed by a stranger", catalog: .untrustedSigner) { scene in
      [try scene.segment(-1): try scene.message(scene.records(of: scene.segment(-1)), signed: .stranger)]
    },
    Damage("catalog's newest segment signed by an expired key", catalog: .expiredSigner) { scene in
      [try scene.segment(-1): try scene.message(scene.records(of: scene.segment(-1)), signed: .expired)]
    },
    Damage("signed: the newest records say something else", catalog: .forked) { scene in
      let records = String(decoding: try scene.records(of: scene.segment(-1)), as: UTF8.self)
      let other = records.replacing(/"findings":0/, with: "\"findings\":1")
      return [try scene.segment(-1): try scene.message(Array(other.utf8))]
    },
    Damage("snapshot that no record tells of", catalog: .unannounced) { scene in
      ["peer-1/data/20260101T000000Z-0001/manifest.tar.zst.gpg": try scene.content(scene.manifestKey)]
    },
    Damage("older snapshot lost", catalog: .missing) { [MatrixScene.manifestKey($0.older): nil] },
  ]
}

extension MatrixScene {
  /// - Parameter number: from 0; from the end where negative.
  fileprivate func segment(_ number: Int) throws -> String {
    let segments = try segments
    return segments[number < 0 ? segments.count + number : number]
  }

  fileprivate var nextSegment: String {
    get throws {
      let last = try segment(-1)
      let digits = String(try segments.count + 1)
      let name = String(repeating: "0", count: 6 - digits.count) + digits
      return last.replacing(/[0-9]{6}\.jsonl/, with: "\(name).jsonl")
    }
  }

  fileprivate func records(of key: String) throws -> [UInt8] {
    try keys.keeper.gpg(["--decrypt"], input: try content(key)).output
  }
}
