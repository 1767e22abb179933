internal import Files
internal import Policy
internal import Repository
public import Verify

extension ReportPage {
  /// The page of what a keeper knows: one pass over all records.
  /// - Parameters:
  ///   - overview: of the same knowledge; what it leaves out is not on the page.
  ///   - version: the program's.
  ///   - weeks: how many weeks the calendars go back, from 1.
  ///   - scope: what the overview is restricted to, in words; empty: everything.
  public init(
    _ knowledge: KeeperKnowledge, _ overview: KeeperOverview, version: String, weeks: Int, scope: [String] = []
  ) {
    self.init(overview, version: version, weeks: weeks)
    self.scope = scope
    records = RecordRange(knowledge)
    for record in knowledge.records {
      if case .run(let run) = record.event { lastRun = RunNote(time: record.time, run: run) }
    }
    let sets = SetRecords.all(knowledge)
    let expiring = Set(knowledge.configuration.destinations.filter { $0.expiry == .lifecycle }.map(\.name))
    let reports = overview.sets.map { set in
      SetReport(
        set, sets[SetRecords.Place(host: set.host, set: set.set)] ?? SetRecords(), weeks: self.weeks,
        expiring: expiring, now: overview.time)
    }
    let table = knowledge.configuration.frequencies.classes
    var unknown: [DataClass] = []
    for report in reports {
      let dataClass = report.overview.dataClass
      if !table.contains(where: { $0.name == dataClass.name }), !unknown.contains(where: { $0.name == dataClass.name })
      {
        unknown.append(dataClass)
      }
    }
    classes = (table + unknown).map { dataClass in
      ClassReport(dataClass: dataClass, sets: reports.filter { $0.overview.dataClass.name == dataClass.name })
    }
  }
}

extension SetReport {
  fileprivate init(
    _ set: SetOverview, _ records: SetRecords, weeks: Int, expiring: Set<String>, now: Timestamp
  ) {
    let dataClass = set.dataClass
    let calendar = SetCalendar(
      weeks: weeks, allowance: dataClass.frequency.interval.map { $0 + dataClass.grace }, node: records.node,
      keeper: records.keeper, now: now)
    self.init(
      set, calendar: calendar,
      drills: records.keeper.compactMap { record in
        guard case .drill(let drill) = record.event, record.time <= now else { return nil }
        return DrillReport(time: record.time, drill: drill)
      },
      stored: StoredSeries.all(
        set.places.map { ($0.destination, expiring.contains($0.destination)) }, from: calendar.first,
        node: records.node, keeper: records.keeper, now: now))
  }
}

extension RecordRange {
  fileprivate init(_ knowledge: KeeperKnowledge) {
    self.init()
    count = knowledge.records.count
    first = knowledge.records.map(\.time).min()
    last = knowledge.records.map(\.time).max()
    heads = knowledge.heads
  }
}
