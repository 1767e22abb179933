internal import Channels
internal import Repository

/// Fetches volumes on several threads and hands them out in their order, at most a window of them ahead.
final class OrderedVolumes: Sendable {
  typealias Fetched = (volume: VolumeRecord, outcome: VolumeOutcome)

  private let volumes: [VolumeRecord]
  private let window: Int
  private let monitor = Monitor()
  // The following are guarded by `monitor`.
  private nonisolated(unsafe) var nextToFetch = 0
  private nonisolated(unsafe) var nextToTake = 0
  private nonisolated(unsafe) var ready: [Int: VolumeOutcome] = [:]
  private nonisolated(unsafe) var failure: (any Error)?
  private nonisolated(unsafe) var stopped = false
  // Used by the owner's thread alone.
  private nonisolated(unsafe) var threads: [DedicatedThread] = []
  /// How long the taker has waited for volumes.
  private(set) nonisolated(unsafe) var secondsWaited = 0.0

  /// Bytes of volumes that are being fetched.
  private static let inWork = 256 << 20

  /// One thread more than workers, so that the processors have work while one waits for the storage; no more than the
  /// memory is enough for: each has a volume as it is stored, decrypted and unpacked.
  private static func threads(_ workers: Int, _ volumes: [VolumeRecord]) -> Int {
    let longest = volumes.reduce(1) { max($0, $1.size, $1.plainSize, $1.tarSize) }
    return max(1, min(workers + 1, inWork / 3 / longest))
  }

  /// Starts fetching at once.
  /// - Parameters:
  ///   - workers: how many are to work at a time; fewer do where volumes are so large that they would take too much memory.
  ///   - makeFetch: called on each thread for the function that fetches there.
  init(
    _ volumes: [VolumeRecord], workers: Int,
    makeFetch: @escaping @Sendable () throws -> (VolumeRecord) throws -> VolumeOutcome
  ) {
    self.volumes = volumes
    let count = Self.threads(workers, volumes)
    // None waits for the taker.
    window = count + 1
    threads = (0..<min(count, max(volumes.count, 1))).map { _ in
      DedicatedThread { [self] in
        do { try work(try makeFetch()) } catch { fail(error) }
      }
    }
  }

  /// The next volume in order; waits for it.
  /// - Returns: nil after the last.
  /// - Throws: the first error of a thread: a volume could not be checked.
  func next() throws -> Fetched? {
    let began = PhaseTimes.now()
    defer { secondsWaited += PhaseTimes.now() - began }
    return try monitor.locked {
      guard nextToTake < volumes.count else { return nil }
      while ready[nextToTake] == nil, failure == nil { monitor.wait() }
      guard let outcome = ready.removeValue(forKey: nextToTake) else {
        throw failure ?? VerifyError(.cancelled, "stopped")
      }
      defer {
        nextToTake += 1
        monitor.wakeAll()
      }
      return (volumes[nextToTake], outcome)
    }
  }

  /// Ends all threads; to be called in any case.
  func stop() {
    monitor.locked {
      stopped = true
      monitor.wakeAll()
    }
    for thread in threads { thread.join() }
  }

  private func work(_ fetch: (VolumeRecord) throws -> VolumeOutcome) throws {
    while let number = claim() {
      let outcome = try fetch(volumes[number])
      monitor.locked {
        ready[number] = outcome
        monitor.wakeAll()
      }
    }
  }

  private func claim() -> Int? {
    monitor.locked {
      while !stopped, failure == nil, nextToFetch < volumes.count, nextToFetch >= nextToTake + window { monitor.wait() }
      guard !stopped, failure == nil, nextToFetch < volumes.count else { return nil }
      defer { nextToFetch += 1 }
      return nextToFetch
    }
  }

  private func fail(_ error: any Error) {
    monitor.locked {
      failure = failure ?? error
      monitor.wakeAll()
    }
  }
}
