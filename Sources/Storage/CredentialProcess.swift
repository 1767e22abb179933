internal import Processes

/// `credential_process` of a profile: a command that prints credentials as JSON ("Process credential provider" of the AWS
/// SDKs reference guide). It is run without a shell.
struct CredentialProcess {
  var command: String
  /// The file that names the command, for messages.
  var subject: String
  /// Bytes of output that are accepted; a document has about a thousand.
  private static let longest = 1 << 16
  /// Seconds: it may ask a server, and a person for a second factor.
  private static let timeout = 300.0

  func run() throws(StorageError) -> Credentials {
    guard let words = Self.words(command), !words.isEmpty else {
      throw StorageError(.credentials, subject, "credential_process has an open quotation mark or no command")
    }
    var program = Program(words, timeout: Self.timeout)
    program.outputLimit = Self.longest
    let outcome: ProgramOutcome
    do { outcome = try program.run() } catch {
      throw StorageError(.credentials, subject, "cannot run credential_process \(words[0]): \(error.reason)")
    }
    guard outcome.succeeded else {
      throw StorageError(
        .credentials, subject, "credential_process \(words[0]) \(outcome.description)",
        hint: "run it by hand to see why")
    }
    return try CredentialsDocument.credentials(outcome.output, source: "credential_process in \(subject)")
  }

  /// Splits as a POSIX shell does, with both quotation marks and the backslash, and nothing more.
  /// - Returns: nil for a quotation mark without its second.
  static func words(_ command: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in command {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let finished = word { words.append(finished) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let finished = word { words.append(finished) }
    return quote == nil && !isEscaped ? words : nil
  }
}
