public import Files
public import Repository

/// A restore drill, as its record tells.
public struct DrillReport: Sendable, Equatable {
  public var time: Timestamp
  public var drill: Drill

  public init(time: Timestamp, drill: Drill) {
    self.time = time
    self.drill = drill
  }
}
