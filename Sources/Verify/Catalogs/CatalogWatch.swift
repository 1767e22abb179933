internal import Digests
internal import Files
internal import OpenPGP
internal import OpenPGPDecryption
internal import Policy
internal import Repository
internal import Storage

/// Reads what one destination has of a node's catalog, and holds it to what was there before.
///
/// A destination may lose, cut, exchange or replay what it was given; without a trusted key it cannot make records, and
/// without breaking the chain it cannot leave any out.
struct CatalogWatch {
  let node: WatchedNode
  let destination: String
  let reader: any ObjectReader
  let decryptor: Decryptor
  let trusted: [Fingerprint]
  let cache: NodeCatalogCache
  /// The last observation of each epoch here.
  let pins: [String: Observation]

  /// What was found of one epoch.
  struct Look {
    var catalog: EpochCatalog
    var segments: Int
    var segmentDigest: String
    var findings: [Finding] = []
  }

  /// A segment holds the records of one step of a run.
  private static let segmentLimit = 64 << 20

  /// - Throws: where storage or the keys do not allow a judgment.
  func look() throws(VerifyError) -> [Look] {
    var stored: [Epoch: [Int]] = [:]
    let layout = Layout(host: node.host)
    do throws(StorageError) {
      for object in try reader.list(prefix: layout.catalogFolder) {
        let parts = object.key.dropFirst(layout.catalogFolder.utf8.count).split(separator: "/")
        guard parts.count == 2, let epoch = Epoch(parts[0]), let number = Int(parts[1].prefix { $0 != "." }),
          number > 0,
          layout.catalogSegment(epoch, number) == object.key
        else { continue }
        stored[epoch, default: []].append(number)
      }
    } catch {
      throw VerifyError(
        .storage, "cannot list the catalog of \(node.host) at \(destination): \(error)",
        hint: error.code == .denied ? "give the keeper's credentials ListBucket" : error.hint)
    }
    // What was seen before and is gone altogether is looked for as well.
    for name in pins.keys { if let epoch = Epoch(name), stored[epoch] == nil { stored[epoch] = [] } }
    var looks: [Look] = []
    for (epoch, numbers) in stored.sorted(by: { $0.key < $1.key }) {
      looks.append(try look(epoch, numbers: Set(numbers)))
    }
    return looks
  }

  private func look(_ epoch: Epoch, numbers: Set<Int>) throws(VerifyError) -> Look {
    var look = Look(catalog: EpochCatalog(epoch), segments: 0, segmentDigest: "")
    let pin = pins[epoch.description]
    if let pin, pin.segments > 0 {
      let known = cache.read(epoch)
      if known.head(after: pin.records)?.hex == pin.head, try isAsPinned(epoch, pin, &look) {
        look.catalog = known.prefix(pin.records)
        look.segments = pin.segments
        look.segmentDigest = pin.segmentDigest
      }
    }
    while numbers.contains(look.segments + 1), try take(epoch, number: look.segments + 1, &look) {}
    if let last = numbers.max(), look.findings.isEmpty, let missing = (1...last).first(where: { !numbers.contains($0) })
    {
      look.findings.append(Finding(.gap, objectName(epoch, missing), "is missing, but segment \(last) is there"))
    }
    if let pin, look.findings.isEmpty { hold(look.catalog, to: pin, &look) }
    return look
  }

  /// Whether the last pinned segment is what it was. Where it is not, everything is read again to tell what happened.
  private func isAsPinned(_ epoch: Epoch, _ pin: Observation, _ look: inout Look) throws(VerifyError) -> Bool {
    guard let content = try fetch(epoch, pin.segments) else {
      look.findings.append(
        Finding(
          .rolledBack, objectName(epoch, pin.segments),
          "is gone: this destination had \(pin.records) records of the epoch"))
      return false
    }
    return SHA256.digest(content).hex == pin.segmentDigest
  }

  /// Takes one more segment.
  /// - Returns: false where it does not hold; a finding says why.
  private func take(_ epoch: Epoch, number: Int, _ look: inout Look) throws(VerifyError) -> Bool {
    let name = objectName(epoch, number)
    guard let content = try fetch(epoch, number) else { return false }
    let decryption: SignedDecryption
    do {
      decryption = try decryptor.decryptVerified(content, maximumLength: Self.segmentLimit, trusted: trusted)
    } catch {
      throw VerifyError(.keys, "\(name): \(error)", hint: error.hint)
    }
    guard case .verified(let lines, _, _) = decryption else {
      if let finding = decryption.finding(about: name) { look.findings.append(finding) }
      return false
    }
    do throws(CatalogError) { try look.catalog.append(segment: lines, subject: name) } catch {
      look.findings.append(Finding(.forked, name, "does not continue the segment before it: \(error.reason)"))
      return false
    }
    look.segments = number
    look.segmentDigest = SHA256.digest(content).hex
    return true
  }

  /// The records that were pinned must be the first of those that are there now.
  private func hold(_ catalog: EpochCatalog, to pin: Observation, _ look: inout Look) {
    let name = "catalog/\(catalog.epoch)"
    guard let head = catalog.head(after: pin.records) else {
      look.findings.append(
        Finding(.rolledBack, name, "has \(catalog.records.count) records where it had \(pin.records)"))
      return
    }
    if head.hex != pin.head {
      look.findings.append(Finding(.forked, name, "its first \(pin.records) records are not those that it had"))
    }
  }

  private func fetch(_ epoch: Epoch, _ number: Int) throws(VerifyError) -> [UInt8]? {
    do throws(StorageError) {
      return try reader.get(
        Layout(host: node.host).catalogSegment(epoch, number), maximumLength: Self.segmentLimit)
    } catch {
      if error.code == .missing { return nil }
      throw VerifyError(.storage, "\(destination): \(error)", hint: error.hint)
    }
  }

  /// A segment's key without the host.
  private func objectName(_ epoch: Epoch, _ number: Int) -> String {
    let layout = Layout(host: node.host)
    return String(layout.catalogSegment(epoch, number).dropFirst(layout.root.count))
  }
}
