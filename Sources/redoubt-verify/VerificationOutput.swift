import CommandLineOutput
import Repository
import Verify

extension Output {
  /// One verification, for people and for programs.
  /// - Parameter isAcknowledged: whether all that was found is acknowledged damage.
  func show(_ verification: Verification, isAcknowledged: Bool = false) {
    let reason = verification.reason.map { ": \($0)" } ?? ""
    let findings =
      switch verification.findingCount {
      case 0: ""
      case 1: ", 1 finding"
      case let count: ", \(count) findings"
      }
    line(
      "\(verification.host)/\(verification.set)/\(verification.snapshot) at \(verification.destination): "
        + "\(verification.level.rawValue): \(verification.result.rawValue)\(isAcknowledged ? ", as is acknowledged" : "")\(reason)\(findings) "
        + "(\(Amount.bytes(verification.bytes)), \(Amount.duration(verification.seconds)))",
      about: Subject(
        host: verification.host, set: verification.set, snapshot: verification.snapshot,
        destination: verification.destination))
    event(
      "verification",
      [
        .init("host", .string(verification.host)), .init("set", .string(verification.set)),
        .init("snapshot", .string(verification.snapshot)), .init("destination", .string(verification.destination)),
        .init("level", .string(verification.level.rawValue)), .init("result", .string(verification.result.rawValue)),
        .init("objects", JSONValue(verification.objects)), .init("bytes", JSONValue(verification.bytes)),
        .init("seconds", JSONValue(verification.seconds)), .init("reason", JSONValue(verification.reason)),
        .init("finding-count", JSONValue(verification.findingCount)), .init("acknowledged", .boolean(isAcknowledged)),
        .init("findings", .array(verification.findings.map { .object($0.members) })),
      ])
  }
}
