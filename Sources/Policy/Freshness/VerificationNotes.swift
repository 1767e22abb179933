public import Files
internal import FoundationEssentials
public import Repository

/// What a keeper found, as far as it told the node: `verification.json` in the node's state folder.
///
/// The node cannot check it; it only shows it. The file is one JSON object: `v` (1) and `verifications`, an array of
/// objects with `set`, `destination`, `snapshot`, `level`, `result` and `time` (RFC 3339, UTC), as the keeper's catalog
/// names them.
public struct VerificationNotes: Sendable, Equatable {
  public struct Note: Sendable, Equatable {
    public var set: String
    public var destination: String
    public var snapshot: String
    public var level: VerificationLevel
    public var result: VerificationResult
    public var time: Timestamp

    /// Whether it no longer counts: the copy is damaged, or was not proven for longer than its class allows.
    public func isOverdue(_ dataClass: DataClass, now: Timestamp) -> Bool {
      result == .damaged || now.seconds(since: time) > dataClass.verificationInterval + dataClass.grace
    }
  }

  public var notes: [Note]

  public static let fileName = "verification.json"

  /// The last verification of a set at a destination that came to a result.
  public func last(of set: String, at destination: String) -> Note? {
    notes.filter { $0.set == set && $0.destination == destination && $0.result != .unchecked }
      .max { $0.time < $1.time }
  }

  /// Reads the file in a state folder.
  /// - Returns: nil where there is none.
  /// - Throws: where it cannot be read, or is not what it should be.
  public static func read(state folder: String) throws(SetupError) -> VerificationNotes? {
    let path = "\(folder)/\(fileName)"
    guard Paths.exists(path) else { return nil }
    do {
      return try VerificationNotes(Data(try FileContent.read(path, maximumLength: 1 << 24)))
    } catch let error as FileError {
      throw SetupError(path, "\(error)")
    } catch {
      throw SetupError(path, "is no list of verifications", hint: "redoubt(1) says what it must hold")
    }
  }

  private struct Document: Decodable {
    struct Item: Decodable {
      var set, destination, snapshot, time: String
      var level: VerificationLevel
      var result: VerificationResult
    }
    var v: Int
    var verifications: [Item]
  }

  private struct Malformed: Error {}

  private init(_ data: Data) throws {
    let document = try JSONDecoder().decode(Document.self, from: data)
    guard document.v == 1 else { throw Malformed() }
    notes = try document.verifications.map { item in
      guard let time = Timestamp(item.time) else { throw Malformed() }
      return Note(
        set: item.set, destination: item.destination, snapshot: item.snapshot, level: item.level, result: item.result,
        time: time)
    }
  }
}
