/// One line of gpg's machine interface: `[GNUPG:] KEYWORD arguments` (GnuPG, doc/DETAILS, "Format of the --status-fd output").
package struct GPGStatus: Equatable, Sendable {
  package let keyword: String
  package let arguments: [String]

  package func argument(_ index: Int) -> String { index < arguments.count ? arguments[index] : "" }

  package static func parse(_ bytes: [UInt8]) -> [GPGStatus] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 1, words[0] == "[GNUPG:]" else { return nil }
      return GPGStatus(keyword: String(words[1]), arguments: words.dropFirst(2).map(String.init))
    }
  }
}

extension [GPGStatus] {
  package func all(_ keyword: String) -> [GPGStatus] { filter { $0.keyword == keyword } }
  package func has(_ keyword: String) -> Bool { contains { $0.keyword == keyword } }

  /// The error numbers that `ERROR <where> <number>` and `FAILURE <where> <number>` report; gpg writes some as
  /// `89_BAD_DATA`, and 4294967295 (-1) where it has none.
  package var errorNumbers: [Int] {
    filter { $0.keyword == "ERROR" || $0.keyword == "FAILURE" }
      .compactMap { Int($0.argument(1).prefix { $0.isNumber }) }.filter { $0 != 0xFFFF_FFFF }
  }
}
