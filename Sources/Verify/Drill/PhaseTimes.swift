internal import Channels
internal import Glibc

/// How long each phase of a restore keeps threads busy. Any thread may add to it.
final class PhaseTimes: Sendable {
  enum Phase: Int, Sendable { case download, decrypt, extract }

  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var seconds = [0.0, 0.0, 0.0]

  subscript(phase: Phase) -> Double { monitor.locked { seconds[phase.rawValue] } }

  /// Seconds of a clock that only goes forward.
  func start() -> Double { Self.now() }

  /// - Parameter start: what `start` returned; nil adds nothing.
  func add(_ phase: Phase, since start: Double?) {
    guard let start else { return }
    add(phase, Self.now() - start)
  }

  func add(_ phase: Phase, _ more: Double) { monitor.locked { seconds[phase.rawValue] += more } }

  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
