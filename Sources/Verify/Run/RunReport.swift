public import Files
public import Repository

/// What a run of the keeper is to do.
public struct RunRequest: Sendable, Equatable {
  /// Hosts, sets and destinations; all of them where empty. Its choice of snapshots means nothing here.
  public var selection = SnapshotSelection()
  /// `present`, `intact` or `readable`; `restored` is what drills prove.
  public var level = VerificationLevel.readable
  /// Bytes that may be fetched; nil for any.
  public var budget: UInt64?
  /// Seconds after which nothing new is begun, and what is being read ends; nil for any.
  public var maximumTime: Int64?
  /// The probability, from 0 to 1, that a volume is read although it is not due.
  public var sample = 0.0
  /// What chooses them; nil for chance.
  public var seed: UInt64?
  /// The part of the sets that this worker has; nil for all.
  public var shard: Shard?
  /// Whether restores that are due are rehearsed.
  public var drills = true
  /// An existing folder for copies.
  public var scratch: String
  /// Where drills restore to; nil for the configured folder.
  public var drillScratch: String?
  /// Seconds that a passed self-test counts for.
  public var selfTestCounts: Int64 = 12 * 3600

  public init(scratch: String) { self.scratch = scratch }
}

/// What is to be done at one place.
public struct DuePlace: Sendable, Equatable {
  public var place: Ledger.Place
  public var due: KeeperRun.Amount
  /// The oldest proof there; of what was never proven, when it was stored. Nil where nothing is due.
  public var oldest: Timestamp?
  /// Snapshots that will be opened.
  public var snapshots: Int
}

/// A restore that is to be rehearsed.
public struct DueDrill: Sendable, Equatable {
  /// Of the set's places, that where it was tried longest ago.
  public var place: Ledger.Place
  /// The last sound one at any of the set's places.
  public var last: Timestamp?
}

/// Whether the budget is enough, in figures. All in bytes and seconds.
public struct RunPace: Sendable, Equatable {
  /// The shortest interval of the sets' classes, which the sums are about.
  public var interval: Int64
  /// What has to be fetched in an interval: everything once.
  public var needed: UInt64
  /// From run to run, as it was lately; a day where that is not known.
  public var cadence: Int64
  public var budget: UInt64
  /// The least that a run must be able to fetch to get anywhere: the largest volume with its manifest.
  public var largest: UInt64

  /// Whether everything is proven in time.
  public var keepsUp: Bool { short == 0 && budget >= largest }
  /// What runs may fetch in an interval.
  public var given: UInt64 {
    let runs = max(1, interval / max(1, cadence))
    let (product, isMore) = budget.multipliedReportingOverflow(by: UInt64(runs))
    return isMore ? .max : product
  }
  /// What they cannot; 0 where the budget is enough.
  public var short: UInt64 { needed > given ? needed - given : 0 }
  /// The least budget that keeps up.
  public var sufficient: UInt64 {
    let runs = UInt64(max(1, interval / max(1, cadence)))
    return max(largest, (needed + runs - 1) / runs)
  }
}

/// What a run did.
public struct RunReport: Sendable {
  public enum SelfTestResult: Sendable, Equatable {
    /// Nothing was due, or it passed a short while ago.
    case notNeeded
    case passed(SelfTest)
    case failed(SelfTest)
    /// It could not be done, and so nothing was verified.
    case impossible(String)
  }
  /// What was planned, most urgent first.
  public var plan: [DuePlace] = []
  public var drillPlan: [DueDrill] = []
  public var observations: [NodeObservation] = []
  public var selfTest = SelfTestResult.notNeeded
  public var verifications: [Verification] = []
  public var proofs: [Proof] = []
  public var drills: [DrillOutcome] = []
  /// What is still due, and the oldest proof in it.
  public var left: [DuePlace] = []
  public var drillsLeft: [DueDrill] = []
  /// Damage that is known, also of earlier runs, by place and snapshot.
  public var damage: [(place: Ledger.Place, snapshot: String, damage: Ledger.Damage)] = []
  /// Places that could not be looked at or not be read to the end, with the reason.
  public var unchecked: [(place: String, reason: String)] = []
  /// What the keeper knows after the run, as far as the run was about it; nil for a plan.
  public var overview: KeeperOverview?
  /// nil without a budget.
  public var pace: RunPace?
  /// The record of it.
  public var run: KeeperRun

  public init(run: KeeperRun) { self.run = run }
}
