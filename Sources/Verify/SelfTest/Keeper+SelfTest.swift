internal import Channels
internal import Files
internal import Policy
public import Repository
internal import Storage

extension Keeper {
  /// Plants damage in a copy of a real snapshot, the smallest of those chosen, and looks whether each kind is found.
  ///
  /// Nothing in storage is touched. The result is recorded.
  /// - Parameter scratch: an existing folder with room for the copy.
  /// - Throws: where no snapshot could be copied, or is not sound to begin with.
  public func selfTest(_ selection: SnapshotSelection, scratch: String) throws(VerifyError) -> SelfTest {
    let state = try openState()
    return try selfTest(selection, scratch: scratch, state)
  }

  func selfTest(
    _ selection: SnapshotSelection, scratch: String, _ state: KeeperState
  ) throws(VerifyError) -> SelfTest {
    do {
      let chosen = try smallest(selection)
      let folder = "\(scratch)/redoubt-self-test-\(UInt32.random(in: .min ... .max))"
      defer { removeTree(folder) }
      for name in ["store", "scratch"] { try Paths.makeFolders("\(folder)/\(name)") }
      let bench = try SelfTestBench(
        chosen.manifest, chosen.reference, from: chosen.reader, in: "\(folder)/store")
      let stranger = try Stranger(
        keeperHome: configuration.keys.gnupgHome, recipients: chosen.manifest.description.recipients)
      defer { stranger.remove() }
      var silent = environment
      silent.observe = { _ in }
      let verifier = Verifier(
        opening: try ManifestOpening(node: chosen.node, decryptor: try makeDecryptor()),
        workers: workerCount(configured: configuration.workers), environment: silent)
      let control = try verifier.verify(
        chosen.reference, at: "self-test", reader: bench.store, level: .readable, scratch: "\(folder)/scratch")
      guard control.result == .sound else {
        throw VerifyError(
          .damaged,
          "\(chosen.reference) at \(chosen.destination) is not sound to begin with: nothing can be shown with it",
          hint: "redoubt-verify verify tells what is wrong; choose another with --host and --set")
      }
      let cases = try SelfTestCases(
        bench: bench, verifier: verifier, node: chosen.node, stranger: stranger, frequencies: configuration.frequencies,
        scratch: "\(folder)/scratch"
      ).run()
      let test = SelfTest(
        host: chosen.reference.host, set: chosen.reference.set, snapshot: "\(chosen.reference.snapshot)",
        destination: chosen.destination, cases: cases)
      try state.append(.selfTest(test), at: environment.clock())
      return test
    } catch let error as VerifyError {
      throw error
    } catch {
      throw VerifyError(.target, "the self-test could not be done: \(error)")
    }
  }

  private typealias Chosen = (
    reference: SnapshotReference, manifest: Manifest, node: WatchedNode, destination: String, reader: any ObjectReader
  )

  /// The snapshot with the fewest stored bytes of the newest ones.
  private func smallest(_ selection: SnapshotSelection) throws(VerifyError) -> Chosen {
    let decryptor = try makeDecryptor()
    var best: (chosen: Chosen, bytes: Int)?
    var reason: VerifyError?
    for (node, destination, reader) in try places(selection) {
      do throws(VerifyError) {
        let opening = try ManifestOpening(node: node, decryptor: decryptor)
        for candidate in try candidates(selection, node, destination, reader) where candidate.isFinished {
          guard case .opened(let manifest, _, _) = try opening.open(candidate.reference, from: reader, listing: nil)
          else {
            continue
          }
          let bytes = manifest.volumes.reduce(0) { $0 + $1.size }
          if best.map({ bytes < $0.bytes }) ?? true {
            best = ((candidate.reference, manifest, node, destination, reader), bytes)
          }
        }
      } catch {
        reason = reason ?? error
      }
    }
    if let best { return best.chosen }
    throw reason ?? VerifyError(.notFound, "there is no sound snapshot to test with", hint: "back something up first")
  }
}
