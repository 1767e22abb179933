import Channels
import Storage

/// The code of the `StorageError` that `body` throws; nil where it throws none.
func code(_ body: () throws -> Void) -> StorageError.Code? { failure(body)?.code }

/// The `StorageError` that `body` throws.
func failure(_ body: () throws -> Void) -> StorageError? {
  do {
    try body()
    return nil
  } catch let error as StorageError {
    return error
  } catch {
    return StorageError(.refused, "test", "another error: \(error)")
  }
}

/// What several threads came to.
final class Outcomes: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var codes: [Int: StorageError.Code?] = [:]

  func add(_ number: Int, _ code: StorageError.Code?) { monitor.locked { codes[number] = .some(code) } }

  var all: [Int: StorageError.Code?] { monitor.locked { codes } }
}

/// Lines that a log closure was given.
final class Lines: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var lines: [String] = []

  func add(_ line: String) { monitor.locked { lines.append(line) } }

  var all: [String] { monitor.locked { lines } }
}
