import Files
import TestKit
import Testing

/// The executables that were built together with these tests.
enum Program: String, CaseIterable {
  case redoubt
  case redoubtVerify = "redoubt-verify"

  /// Beside the test bundle, whose path the test runner was given.
  var path: String {
    get throws {
      let bundle = try #require(CommandLine.arguments.first { $0.hasSuffix(".xctest") })
      return "\(Paths.parent(bundle))/\(rawValue)"
    }
  }

  @discardableResult
  func run(_ arguments: [String], environment: [String: String?] = [:]) throws -> Command.Outcome {
    try Command.run(path, arguments, environment: environment)
  }
}
