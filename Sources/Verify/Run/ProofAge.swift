internal import Files
internal import Policy

/// How old a proof may become.
///
/// A proof is due again a tenth of the interval before its end: a timer that comes every month, or a little later every
/// time because proving takes its time, never comes just too early and then a whole turn too late.
struct ProofAge: Sendable {
  let now: Timestamp
  let interval: Int64

  var slack: Int64 { interval / 10 }

  func isDue(_ proven: Timestamp?) -> Bool {
    guard let proven else { return true }
    let age = now.seconds(since: proven)
    return age > interval - slack || age < -DueRule.clockTolerance
  }
}

/// What comes first where not everything can be done: what was never proven, the newest snapshot of each place before
/// others; then the oldest proofs; then what is proven ahead of its time or at random.
struct Urgency: Sendable, Comparable {
  enum Rank: Int, Sendable { case newest, never, stale, ahead, sample }
  var rank: Rank
  /// When it was last proven; of what never was, when it was stored.
  var time: Timestamp

  static func < (one: Urgency, other: Urgency) -> Bool {
    (one.rank.rawValue, one.time) < (other.rank.rawValue, other.time)
  }
}

extension Urgency.Rank: Comparable {
  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}
