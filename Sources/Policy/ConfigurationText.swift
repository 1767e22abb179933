internal import Files
internal import Glibc

/// A configuration file's text, refused unless it is a small regular text file.
enum ConfigurationText {
  /// Larger than any configuration a person writes.
  static let maximumLength = 1 << 20

  static func read(_ path: String) -> Result<String, ConfigurationProblem> {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let missing = errno == ENOENT || errno == ENOTDIR
      return .failure(
        problem(
          missing ? "there is no such file" : "\(FileError("open", path, .current))",
          hint: missing ? "the init command writes a starter configuration; --config names another file" : nil))
    }
    // Looked at before it is opened: opening a pipe would wait for its writer.
    guard status.st_mode & S_IFMT != S_IFDIR else { return .failure(problem("is a directory, not a file")) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .failure(problem("is not a regular file")) }
    do throws(FileError) {
      return text(of: try FileContent.read(path, maximumLength: maximumLength))
    } catch {
      if error.errno == .fileTooLarge {
        return .failure(problem("is larger than 1 MiB (\(status.st_size) bytes), so it is no configuration"))
      }
      return .failure(problem("\(error)"))
    }
  }

  private static func text(of content: [UInt8]) -> Result<String, ConfigurationProblem> {
    guard content.contains(where: { $0 > 32 }) else {
      return .failure(problem("is empty", hint: "the init command writes a starter configuration to a new file"))
    }
    if let offset = content.firstIndex(where: { $0 < 32 && $0 != 9 && $0 != 10 && $0 != 13 }) {
      return .failure(problem("is not a text file: control character at byte \(offset)"))
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      return .failure(problem("is not a text file: not valid UTF-8"))
    }
    // The TOML library hands strings over up to their first zero byte.
    if text.contains("\\u0000") || text.contains("\\U00000000") {
      return .failure(problem("has a zero character (\\u0000) in a string"))
    }
    return .success(text)
  }

  private static func problem(_ message: String, hint: String? = nil) -> ConfigurationProblem {
    ConfigurationProblem(.error, message, hint: hint)
  }
}

extension ConfigurationProblem: Error {}
