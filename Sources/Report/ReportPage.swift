public import Files
public import Policy
public import Repository
public import Verify

/// What the page shows; `html` draws it.
///
/// What is safe, fresh, proven or due is judged by `KeeperOverview` alone, so that the page and `status` say the same.
public struct ReportPage: Sendable, Equatable {
  public var overview: KeeperOverview
  /// The program's version.
  public var version: String
  /// How many weeks the calendars go back, from 1.
  public var weeks: Int
  /// What it is restricted to (`host peer-1`); empty: everything.
  public var scope: [String] = []
  /// In the frequency table's order, those that the table does not have at the end.
  public var classes: [ClassReport] = []
  public var records = RecordRange()
  /// What the keeper's last run left over; nil where none was made.
  public var lastRun: RunNote?

  /// - Parameter weeks: how many weeks the calendars go back, from 1.
  public init(_ overview: KeeperOverview, version: String, weeks: Int) {
    self.overview = overview
    self.version = version
    self.weeks = max(1, weeks)
  }

  var made: Timestamp { overview.time }
  var sets: [SetReport] { classes.flatMap(\.sets) }
}

/// Which of the keeper's records the page was made from.
public struct RecordRange: Sendable, Equatable {
  public var count = 0
  public var first: Timestamp?
  public var last: Timestamp?
  /// How far the catalogs go that they are from.
  public var heads: [CatalogHead] = []

  public init() {}
}

/// The last run of the keeper.
public struct RunNote: Sendable, Equatable {
  public var time: Timestamp
  public var run: KeeperRun

  public init(time: Timestamp, run: KeeperRun) {
    self.time = time
    self.run = run
  }
}

/// A class of data with its sets.
public struct ClassReport: Sendable, Equatable {
  public var dataClass: DataClass
  public var sets: [SetReport]

  public init(dataClass: DataClass, sets: [SetReport]) {
    self.dataClass = dataClass
    self.sets = sets
  }
}

/// A set of a node: what the overview says, and what happened to it over the weeks.
public struct SetReport: Sendable, Equatable {
  public var overview: SetOverview
  public var calendar: SetCalendar
  /// Oldest first.
  public var drills: [DrillReport]
  public var stored: [StoredSeries]

  public init(_ overview: SetOverview, calendar: SetCalendar, drills: [DrillReport], stored: [StoredSeries]) {
    self.overview = overview
    self.calendar = calendar
    self.drills = drills
    self.stored = stored
  }
}
