internal import Glibc

/// What a text says, as a color on terminals that show colors.
public enum Style: String, Sendable {
  case good = "32"
  case doubtful = "33"
  case bad = "1;31"
}

extension Output {
  /// Whether results are colored: standard output is a terminal that shows colors, and nobody asked for none
  /// (https://no-color.org: `NO_COLOR` is set and not empty).
  static func isColored(_ results: Int32, terminal: String, noColor: String?) -> Bool {
    isatty(results) == 1 && terminal != "dumb" && !terminal.isEmpty && (noColor ?? "").isEmpty
  }

  /// The text, colored where colors are shown (ECMA-48, SGR).
  public func paint(_ text: String, _ style: Style?) -> String {
    guard let style, drawsColors else { return text }
    return "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m"
  }
}
