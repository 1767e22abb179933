import Glibc
import Repository
import Verify

extension Damage {
  /// What storage, or somebody who may write to it, does to a volume.
  static let volumes: [Damage] = [
    Damage("volume lost", .missing, from: .present) { [$0.victimKey: nil] },
    Damage("volume empty", .wrongSize, from: .present) { [$0.victimKey: []] },
    Damage("volume cut short", .wrongSize, from: .present) { scene in
      [scene.victimKey: try scene.content(scene.victimKey).dropLast()]
    },
    Damage("volume with bytes appended", .wrongSize, from: .present) { scene in
      [scene.victimKey: try scene.content(scene.victimKey) + [0]]
    },
    Damage("bit flipped in a volume's first byte", .wrongDigest, from: .intact) { scene in
      [scene.victimKey: Change.flip(try scene.content(scene.victimKey), at: 0)]
    },
    Damage("bit flipped within a volume", .wrongDigest, from: .intact) { scene in
      let content = try scene.content(scene.victimKey)
      return [scene.victimKey: Change.flip(content, at: content.count / 2)]
    },
    Damage("bit flipped in a volume's last byte", .wrongDigest, from: .intact) { scene in
      [scene.victimKey: Change.flip(try scene.content(scene.victimKey), at: -1)]
    },
    Damage("volume of zeros of the same size", .wrongDigest, from: .intact) { scene in
      [scene.victimKey: [UInt8](repeating: 0, count: try scene.content(scene.victimKey).count)]
    },
    Damage("volumes swapped", .wrongSize, from: .present) { scene in
      let (one, two) = (scene.volumeKeys[0], scene.volumeKeys[scene.volumeKeys.count - 1])
      return [one: try scene.content(two), two: try scene.content(one)]
    },
    Damage("volume of an earlier snapshot in its place", .wrongSize, from: .present) { scene in
      let key = scene.volumeKeys[scene.volumeKeys.count - 1]
      return [key: try scene.volume(of: scene.older)]
    },
    Damage("volume of another set in its place", .wrongSize, from: .present) { scene in
      [scene.victimKey: try scene.volume(of: scene.otherSet)]
    },
    Damage("volume of another host in its place", .wrongSize, from: .present) { scene in
      [scene.victimKey: try scene.volume(of: scene.otherHost)]
    },
    Damage("volume encrypted anew, same content and size", .wrongDigest, from: .intact) { scene in
      let content = try scene.content(scene.victimKey)
      let text = try scene.keys.keeper.gpg(["--decrypt"], input: content).output
      return [scene.victimKey: try scene.message(text, signed: .nobody)]
    },
    Damage("volume encrypted by a stranger, other content of the same size", .wrongDigest, from: .intact) { scene in
      let content = try scene.content(scene.victimKey)
      let text = try scene.keys.keeper.gpg(["--decrypt"], input: content).output
      return [scene.victimKey: try scene.message(Household.noise(text.count, seed: 99), signed: .nobody)]
    },
    Damage("all volumes lost", .missing, from: .present) { scene in
      Dictionary(uniqueKeysWithValues: scene.volumeKeys.map { ($0, nil) })
    },
  ]

  /// What they do to a manifest.
  static let manifests: [Damage] = [
    Damage("manifest lost", .missing, from: .present, catalog: .missing) { [$0.manifestKey: nil] },
    Damage("manifest empty", .undecryptable, from: .present) { [$0.manifestKey: []] },
    Damage("manifest cut short", .undecryptable, from: .present) { scene in
      [scene.manifestKey: try scene.content(scene.manifestKey).dropLast()]
    },
    Damage("manifest with bytes appended", .undecryptable, from: .present) { scene in
      [scene.manifestKey: try scene.content(scene.manifestKey) + [0]]
    },
    Damage("bit flipped in the manifest's first byte", .undecryptable, from: .present) { scene in
      [scene.manifestKey: Change.flip(try scene.content(scene.manifestKey), at: 0)]
    },
    Damage("bit flipped within the manifest", .undecryptable, from: .present) { scene in
      let content = try scene.content(scene.manifestKey)
      return [scene.manifestKey: Change.flip(content, at: content.count / 2)]
    },
    Damage("bit flipped in the manifest's last byte", .undecryptable, from: .present) { scene in
      [scene.manifestKey: Change.flip(try scene.content(scene.manifestKey), at: -1)]
    },
    Damage("bit flipped in the manifest's key id", .undecryptable, from: .present) { scene in
      [scene.manifestKey: Change.flip(try scene.content(scene.manifestKey), at: 5)]
    },
    Damage("manifest encrypted to a key that is not here", uncheckedFrom: .present) { scene in
      [scene.manifestKey: try scene.message(scene.manifestText(scene.members), lost: true)]
    },
    Damage("manifest of an earlier snapshot in its place", .malformed, from: .present) { scene in
      [scene.manifestKey: try scene.content(MatrixScene.manifestKey(scene.older))]
    },
    Damage("manifest of another set in its place", .malformed, from: .present) { scene in
      [scene.manifestKey: try scene.content(MatrixScene.manifestKey(scene.otherSet))]
    },
    Damage("manifest of another host in its place", .malformed, from: .present) { scene in
      [scene.manifestKey: try scene.content(MatrixScene.manifestKey(scene.otherHost))]
    },
    Damage("volume in the manifest's place", .unsigned, from: .present) { scene in
      [scene.manifestKey: try scene.content(scene.victimKey)]
    },
    Damage("manifest without a signature", .unsigned, from: .present) { scene in
      [scene.manifestKey: try scene.message(scene.manifestText(scene.members), signed: .nobody)]
    },
    Damage("manifest signed by a stranger", .untrustedSigner, from: .present) { scene in
      [scene.manifestKey: try scene.message(scene.manifestText(scene.members), signed: .stranger)]
    },
    Damage("manifest signed by a key that has expired", .expiredSigner, from: .present) { scene in
      [scene.manifestKey: try scene.message(scene.manifestText(scene.members), signed: .expired)]
    },
    Damage("manifest signed by a key that is revoked", .expiredSigner, from: .present) { scene in
      [scene.manifestKey: try scene.message(scene.manifestText(scene.members), signed: .revoked)]
    },
    Damage(absent: "whole snapshot lost", catalog: .missing) { scene in
      let folder = "peer-1/data/\(scene.reference.snapshot)/"
      var objects: [String: [UInt8]?] = [scene.manifestKey: nil]
      for key in scene.volumeKeys where key.hasPrefix(folder) { objects.updateValue(nil, forKey: key) }
      return objects
    },
  ]
}
