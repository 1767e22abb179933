internal import Synchronization

/// A line on the terminal that shows how far a run is: bytes, rate and time left. Nothing where standard error is no
/// terminal. Any thread may report; it is redrawn five times a second at most.
public final class Progress: Sendable {
  private struct State {
    var drawn: ContinuousClock.Instant?
    var bytes: UInt64 = 0
    var total: UInt64?
    var label = ""
  }
  private let state = Mutex(State())
  private let output: Output
  private let start: ContinuousClock.Instant
  private let now: @Sendable () -> ContinuousClock.Instant

  public init(
    _ output: Output, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }
  ) {
    self.output = output
    self.now = now
    start = now()
  }

  /// Sets how far the run is.
  /// - Parameters:
  ///   - bytes: done since the start.
  ///   - total: bytes in all; nil where that is not known.
  ///   - label: what is worked on.
  public func update(bytes: UInt64, total: UInt64? = nil, label: String = "") {
    guard output.drawsProgress else { return }
    let time = now()
    let text: String? = state.withLock { state in
      (state.bytes, state.total, state.label) = (bytes, total, label)
      if let drawn = state.drawn, drawn.duration(to: time) < .milliseconds(200) { return nil }
      state.drawn = time
      return Progress.text(bytes: bytes, total: total, label: label, seconds: start.duration(to: time).seconds)
    }
    if let text { output.status(text) }
  }

  /// Takes the line away.
  public func finish() { output.status("") }

  /// `peer-keys  1.2 GiB of 4.0 GiB  30%  85.0 MiB/s  33s left`.
  static func text(bytes: UInt64, total: UInt64?, label: String, seconds: Double) -> String {
    var parts = label.isEmpty ? [] : [String(label.prefix(40))]
    let rate = seconds > 0 ? Double(bytes) / seconds : 0
    if let total, total >= bytes, total > 0 {
      parts += ["\(Amount.bytes(bytes)) of \(Amount.bytes(total))", "\(Int(Double(bytes) / Double(total) * 100))%"]
      parts.append("\(Amount.bytes(UInt64(rate)))/s")
      // A guess from the first second would be worth nothing.
      if seconds >= 1, rate > 0 { parts.append("\(Amount.duration(Double(total - bytes) / rate)) left") }
    } else {
      parts += [Amount.bytes(bytes), "\(Amount.bytes(UInt64(rate)))/s"]
    }
    return parts.joined(separator: "  ")
  }
}

extension Duration {
  /// With fractions.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
