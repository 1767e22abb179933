internal import Files
public import Storage

/// `[alerts]`: who is told how a run ended. The same in both programs' files.
public struct AlertsConfiguration: Sendable, Equatable {
  /// Where metrics are written for node_exporter's textfile collector.
  public var metricsFile: String?
  /// Programs with their arguments; empty for none.
  public var onSuccess: [String] = []
  public var onFailure: [String] = []
  public var onOverdue: [String] = []
  /// Pinged in the manner of healthchecks.io.
  public var pingURL: SecretURL?
  /// Gets the run's document.
  public var webhookURL: SecretURL?
  /// Seconds for one try of any of them.
  public var timeout: Int64 = 10
  /// Tries of each in all.
  public var attempts = 3
  public init() {}

  /// Whether nobody is told anything.
  public var isEmpty: Bool {
    metricsFile == nil && pingURL == nil && webhookURL == nil && onSuccess.isEmpty && onFailure.isEmpty
      && onOverdue.isEmpty
  }
}

/// An address that lets whoever knows it speak in our name.
public enum SecretURL: Sendable, Equatable {
  /// As the configuration has it; valid.
  case text(Secret)
  /// The file that holds it on its first line.
  case file(String)

  /// The address itself.
  /// - Throws: where the file cannot be read, or what it holds is no address that may be used.
  public func resolve() throws(SetupError) -> Secret {
    switch self {
    case .text(let secret): return secret
    case .file(let path):
      let content: [UInt8]
      do { content = try FileContent.read(path, maximumLength: 1 << 16) } catch {
        throw SetupError(path, "cannot \(error.operation) the file: \(error.errno)")
      }
      let line = String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      let text = line.filter { !$0.isWhitespace }
      if let problem = AlertAddress.problem(text) { throw SetupError(path, problem.message, hint: problem.hint) }
      return Secret(text)
    }
  }

  /// What is wrong with its file, its owner and its mode; none where it stands in the configuration itself.
  func problems(_ key: String) -> [ConfigurationProblem] {
    guard case .file(let path) = self else { return [] }
    do throws(SetupError) {
      _ = try resolve()
      return FileAccess.problems(ofSecret: path, key: key)
    } catch {
      return [ConfigurationProblem(.error, "\(error)", key: key, hint: error.hint)]
    }
  }
}

/// The rules for addresses that alerts are sent to.
enum AlertAddress {
  /// What is wrong with it, without a word of what makes it secret; nil where it can be used.
  static func problem(_ text: String) -> ConfigurationProblem? {
    let example = "write it as https://hc-ping.com/… in double quotes"
    guard let scheme = text.firstRange(of: "://") else {
      return ConfigurationProblem(.error, "is no address", hint: example)
    }
    let rest = text[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let isPlain = rest.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") }
    guard isPlain else {
      return ConfigurationProblem(
        .error, "has characters that an address cannot have", hint: "visible ASCII, anything else percent-encoded")
    }
    if authority.contains("@") {
      return ConfigurationProblem(
        .error, "has a user name in it", hint: "services that want one are told by a program: on-success, on-failure")
    }
    switch Endpoint.parse("\(text[..<scheme.upperBound])\(authority)") {
    case .failure(let problem):
      return ConfigurationProblem(
        .error, problem.message, hint: problem.hint?.hasPrefix("write") == true ? example : nil)
    case .success(let endpoint):
      if endpoint.isEncrypted || endpoint.isLoopback { return nil }
      return ConfigurationProblem(
        .error, "is not encrypted, and \(endpoint.host) is another machine",
        hint: "use https://; http:// is for this machine alone (localhost, 127.0.0.1, [::1])")
    }
  }
}
