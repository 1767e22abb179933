import Glibc
import Policy
import Testing

/// Many nights of one node: crashes at random writes, renewals, and storage that is freed in both ways.
///
/// `REDOUBT_SIMULATED_NIGHTS` chooses how many; 730 are two years.
@Suite struct SimulationTests {
  private static let nights = getenv("REDOUBT_SIMULATED_NIGHTS").flatMap { Int(String(cString: $0)) } ?? 20

  @Test(arguments: DestinationConfiguration.Expiry.allCases)
  func everyNightsSnapshotStaysRestorableAndStorageBounded(_ expiry: DestinationConfiguration.Expiry) throws {
    let simulation = try SimulatedNights(expiry)
    for _ in 0..<Self.nights { try simulation.next() }
    try simulation.finish()
    #expect(simulation.crashes > 0, "the simulation has crashed runs in it")
    // Renewals begin after a quarter of `refresh`; the average is taken from there on.
    let renewals = simulation.renewals.dropFirst(Int(SimulatedNights.refresh / SimulatedNights.day / 4))
    let average = Double(renewals.reduce(0, +)) / Double(max(renewals.count, 1))
    let most = Double(renewals.max() ?? 0)
    #expect(average > 0)
    #expect(most <= 2 * average, "\(most) bytes were renewed in one night, \(average) on average")
    switch expiry {
    case .prune:
      #expect(simulation.largest <= 1.3, "\(simulation.largest) times the living data and history")
    case .lifecycle:
      // What was sent in the time that an object lives: the data once, renewals at their highest rate, and the changes.
      let nights = Double((SimulatedNights.refresh + SimulatedNights.retention) / SimulatedNights.day + 1)
      let rate =
        4 / 3 / Double(SimulatedNights.refresh / SimulatedNights.day)
        + Double(SimulatedNights.changes) / Double(SimulatedNights.files)
      #expect(simulation.largest <= 1 + nights * rate, "\(simulation.largest) times the living data")
    }
    if getenv("REDOUBT_SIMULATED_NIGHTS") != nil {
      let story =
        "\(expiry): \(Self.nights) nights, \(simulation.crashes) crashed runs; renewals \(Int(average)) bytes a night, "
        + "at most \(Int(most)); storage at most \(simulation.largest) times the \(expiry == .prune ? "living data and history" : "living data")\n"
      _ = story.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
  }
}
