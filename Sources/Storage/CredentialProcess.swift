internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// `credential_process` of a profile: a command that prints credentials as JSON ("Process credential provider" of the AWS
/// SDKs reference guide). It is run without a shell.
struct CredentialProcess {
  var command: String
  /// The file that names the command, for messages.
  var subject: String
  /// Bytes of output that are accepted; a document has about a thousand.
  private static let longest = 1 << 16

  func run() throws(StorageError) -> Credentials {
    guard let words = Self.words(command), !words.isEmpty else {
      throw StorageError(.credentials, subject, "credential_process has an open quotation mark or no command")
    }
    // A file in memory rather than a pipe: nothing else that this process starts meanwhile can hold it open.
    let output = redoubt_memfd_create("credentials")
    guard output >= 0 else {
      throw StorageError(.credentials, subject, "cannot hold what credential_process prints: \(Errno.current)")
    }
    defer { close(output) }
    var process = pid_t()
    let failure = spawn(words, output: output, &process)
    guard failure == 0 else {
      let reason = String(cString: strerror(failure))
      throw StorageError(.credentials, subject, "cannot run credential_process \(words[0]): \(reason.lowercased())")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else {
      throw StorageError(
        .credentials, subject, "credential_process \(words[0]) failed", hint: "run it by hand to see why")
    }
    return try CredentialsDocument.credentials(Self.content(of: output), source: "credential_process in \(subject)")
  }

  private func spawn(_ words: [String], output: Int32, _ process: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let arguments = words.map { strdup($0) }
    let environment = ProcessEnvironment.current().map { strdup("\($0.key)=\($0.value)") }
    defer { for text in arguments + environment { free(text) } }
    return posix_spawnp(&process, words[0], &actions, nil, arguments + [nil], environment + [nil])
  }

  private static func content(of file: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: longest) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, buffer.count, 0))
    }
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
