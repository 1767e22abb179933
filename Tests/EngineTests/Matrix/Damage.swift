import Digests
import Glibc
import Policy
import Repository
import Testing
import Verify

/// What one look at one kind of damage must come to.
enum Expected: Sendable, Equatable {
  /// It cannot be seen there: the result is sound, without any finding.
  case nothing
  /// Damaged, first of all with this code.
  case found(Finding.Code)
  /// Nothing is known, and that is said.
  case unchecked
  /// There is no such snapshot to verify, and that is said.
  case absent

  /// As the manual page shows it.
  var shown: String {
    switch self {
    case .nothing: "\\-"
    case .found(let code): code.rawValue
    case .unchecked: "(unchecked)"
    case .absent: "(no snapshot)"
    }
  }
}

/// One line of the matrix: a kind of damage, and what finds it.
struct Damage: Sendable {
  /// As the manual page calls it.
  let name: String
  /// By level, `present` first.
  let levels: [Expected]
  let catalog: Expected
  var modes = SetConfiguration.Mode.allCases
  /// What becomes of which objects; nil takes one away.
  let objects: @Sendable (MatrixScene) throws -> [String: [UInt8]?]

  /// - Parameter from: the first level that finds it.
  init(
    _ name: String, _ code: Finding.Code, from: VerificationLevel?, catalog: Finding.Code? = nil,
    modes: [SetConfiguration.Mode] = SetConfiguration.Mode.allCases,
    _ objects: @escaping @Sendable (MatrixScene) throws -> [String: [UInt8]?]
  ) {
    self.name = name
    levels = VerificationLevel.allCases.map { level in from.map { level >= $0 } == true ? .found(code) : .nothing }
    self.catalog = catalog.map { .found($0) } ?? .nothing
    self.modes = modes
    self.objects = objects
  }

  /// What leaves nothing to verify.
  init(
    absent name: String, catalog: Finding.Code,
    _ objects: @escaping @Sendable (MatrixScene) throws -> [String: [UInt8]?]
  ) {
    self.name = name
    levels = VerificationLevel.allCases.map { _ in .absent }
    self.catalog = .found(catalog)
    self.objects = objects
  }

  /// What leaves it open from a level on.
  init(
    _ name: String, uncheckedFrom: VerificationLevel,
    _ objects: @escaping @Sendable (MatrixScene) throws -> [String: [UInt8]?]
  ) {
    self.name = name
    levels = VerificationLevel.allCases.map { $0 >= uncheckedFrom ? .unchecked : .nothing }
    catalog = .nothing
    self.objects = objects
  }

  /// What no verification of a snapshot is about.
  init(
    _ name: String, catalog: Finding.Code, _ objects: @escaping @Sendable (MatrixScene) throws -> [String: [UInt8]?]
  ) {
    self.init(name, catalog, from: nil, catalog: catalog, objects)
  }

  /// The line of the manual page.
  var line: String {
    let suffix = modes.count == 1 ? " (\(modes[0].rawValue))" : ""
    return ([name + suffix] + levels.map(\.shown) + [catalog.shown]).joined(separator: " Ta ")
  }

  static let all: [Damage] = volumes + manifests + contradictions + catalogs
}

/// Ways to change bytes.
enum Change {
  static func flip(_ bytes: [UInt8], at position: Int) -> [UInt8] {
    var bytes = bytes
    bytes[position < 0 ? bytes.count + position : position] ^= 0x10
    return bytes
  }

  /// One column of the line of a volume (from 0) in volumes.tsv.
  static func volume(_ table: String, _ volume: Int, _ column: Int, _ change: (String) -> String) -> String {
    var lines = table.split(separator: "\n").map(String.init)
    var fields = lines[volume + 1].split(separator: "\t").map(String.init)
    fields[column] = change(fields[column])
    lines[volume + 1] = fields.joined(separator: "\t")
    return lines.map { "\($0)\n" }.joined()
  }

  /// The line of files.mtree whose path ends so.
  static func entry(_ listing: String, _ name: String, _ change: (String) -> String?) -> String {
    listing.split(separator: "\n").compactMap { line in
      let isMeant = line.split(separator: " ").first?.hasSuffix("/\(name)") == true
      return isMeant ? change(String(line)) : String(line)
    }.map { "\($0)\n" }.joined()
  }

  /// Another digest.
  static func digest(_ hex: String) -> String { (hex.hasPrefix("0") ? "1" : "0") + hex.dropFirst() }

  static func number(_ text: String, by change: Int) -> String { String((Int(text) ?? 0) + change) }
}
