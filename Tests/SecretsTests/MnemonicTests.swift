import Digests
import Secrets
import Testing

@testable import Secrets

@Suite struct MnemonicTests {
  private let list = wordListText.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test func theWordListIsBIP39s() {
    #expect(list.count == 2048)
    let digest = SHA256.digest(Array((list.joined(separator: "\n") + "\n").utf8))
    #expect(digest.hex == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda")
  }

  @Test(arguments: Phrases.vectors) func vectorsAreFound(_ phrase: String) {
    #expect(kinds(phrase) == [.seedPhrase])
    #expect(kinds("my seed: \(phrase)\n") == [.seedPhrase])
    #expect(kinds("It says, among others, that \(phrase), and goes on as before.") == [.seedPhrase])
    let words = Phrases.words(phrase)
    // Longer ones hold shorter ones, of which one in sixteen has a checksum that holds.
    guard words.count == 12 else { return }
    // Another last word: the checksum fails.
    #expect(kinds((words.dropLast() + ["zebra"]).joined(separator: " ")) == [])
    // Eleven words.
    #expect(kinds(words.dropLast().joined(separator: " ") + ".\n") == [])
  }

  @Test(arguments: [16, 20, 24, 28, 32]) func everyLengthIsFoundInEveryForm(_ entropy: Int) throws {
    for seed in 1...4 {
      let words = Phrases.phrase(Phrases.bytes(entropy, seed: UInt64(seed * 100 + entropy)), list: list)
      #expect(words.count == entropy * 3 / 4)
      for (name, text) in Self.forms(words) {
        #expect(kinds("Title\n\n" + text) == [.seedPhrase], "\(name): \(text)")
      }
    }
  }

  private static func forms(_ words: [String]) -> [(String, String)] {
    let numbered = Array(zip(1..., words))
    func lines(_ line: ((Int, String)) -> String) -> String { numbered.map(line).joined(separator: "\n") + "\n" }
    return [
      ("a line", words.joined(separator: " ")),
      ("spaces", words.joined(separator: "     \t ")),
      ("lines", lines { $0.1 }),
      ("DOS lines", words.joined(separator: "\r\n")),
      ("capitals", words.joined(separator: " ").uppercased()),
      ("initials", words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: ", ")),
      ("dotted", lines { "\($0.0). \($0.1)" }),
      ("bracketed", lines { "\($0.0)) \($0.1)" }),
      ("padded", lines { "  [\($0.0 < 10 ? "0" : "")\($0.0)]      \($0.1)    " }),
      ("one line, numbered", numbered.map { "\($0.0).\($0.1)" }.joined(separator: " ")),
      ("words", lines { "word\($0.0): \($0.1)" }),
      ("Words", lines { "Word #\($0.0): \($0.1)" }),
      ("word_", lines { "WORD_\($0.0)=\"\($0.1)\"" }),
      ("w", lines { "w\($0.0) = \($0.1)" }),
      ("ordinals", lines { "\($0.0)th: \($0.1)" }),
      ("bullets", lines { "- \($0.1)" }),
      ("JSON array", "[\"" + words.joined(separator: "\", \"") + "\"]"),
      ("JSON string", "{\"mnemonic\": \"" + words.joined(separator: " ") + "\"}"),
      ("JSON lines", "{\"mnemonic\": \"" + words.joined(separator: "\\n") + "\"}"),
      ("JSON object", "{" + numbered.map { "\"word\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"),
      ("JSON numbers", "{" + numbered.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"),
      (
        "JSON objects",
        "[" + numbered.map { "{\"index\": \($0.0), \"word\": \"\($0.1)\"}" }.joined(separator: ",\n  ") + "]"
      ),
      ("HTML", numbered.map { "<tr><td>\($0.0)</td><td>\($0.1)</td></tr>" }.joined(separator: "\n")),
      ("CSV", lines { "\($0.0),\($0.1)" }),
      ("columns", columns(words)),
    ]
  }

  /// Two columns, the second one beginning in the middle.
  private static func columns(_ words: [String]) -> String {
    let half = (words.count + 1) / 2
    return (0..<half).map { row in
      let right = row + half < words.count ? "      \(row + half + 1). \(words[row + half])" : ""
      return "\(row + 1). \(words[row])\(right)"
    }.joined(separator: "\n")
  }

  /// The shortest mnemonic at every place relative to the samples.
  @Test func noPlaceIsMissed() {
    let phrase = Array("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong".utf8)
    for before in 0..<140 {
      for filler in ["-", "x", " "] {
        let content = Array(String(repeating: filler, count: before).utf8) + [10] + phrase
        let expected = SecretFinding(.seedPhrase, offset: UInt64(before + 1), line: 2)
        #expect(found(content) == [expected])
        #expect(found(content + [10] + Array("and so on, as it was before, for a while".utf8)) == [expected])
      }
    }
  }

  @Test(arguments: [1, 2, 3, 7, 64, 4096, 100_000, 262_144]) func piecesDoNotMatter(_ pieces: Int) {
    let filler = Array("nothing to be seen here, only a line of text that says so again\n".utf8)
    let phrase = Array((Phrases.vectors[1].replacing(" ", with: "\n") + "\n").utf8)
    // Across the end of the scanner's window as well.
    for lines in [0, 1, 4030, 4031, 4032, 4033, 4090, 4095, 4096] where pieces > 1 || lines < 2 {
      let content = Array(repeatElement(filler, count: lines).joined()) + phrase + filler
      let expected = [SecretFinding(.seedPhrase, offset: UInt64(lines * filler.count), line: lines + 1)]
      #expect(found(content, pieces: pieces) == expected)
      #expect(found(content) == expected)
    }
  }

  /// A mnemonic at each byte about the end of a window.
  @Test func noPlaceInALongFileIsMissed() {
    let phrase = Array(Phrases.vectors[3].utf8)
    for place in stride(from: (256 << 10) - 4096 - 80, to: (256 << 10) + 20, by: 61) {
      var content = [UInt8](repeating: 46, count: 300_000)
      content.replaceSubrange(place..<(place + phrase.count), with: phrase)
      #expect(found(content, pieces: 1 << 20) == [SecretFinding(.seedPhrase, offset: UInt64(place), line: 1)])
    }
  }

  @Test func wideTextIsRead() {
    let phrase = Phrases.vectors[8]
    for isBigEndian in [false, true] {
      let units = Array("\u{feff}Seed – mine:\r\n\(phrase)\r\n".utf16)
      let bytes = units.flatMap {
        isBigEndian ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0 & 255), UInt8($0 >> 8)]
      }
      let expected = [SecretFinding(.seedPhrase, offset: 30, line: 2)]
      #expect(found(bytes) == expected)
      #expect(found(bytes, pieces: 1) == expected)
      #expect(found(bytes, pieces: 3) == expected)
    }
  }

  @Test func mnemonicsInBinaryFilesAreFound() {
    let noise = Phrases.bytes(100_000, seed: 5)
    let content = noise + [0] + Array(Phrases.vectors[6].utf8) + [0] + noise
    #expect(found(content).map(\.kind) == [.seedPhrase])
    #expect(found(content, pieces: 5000).map(\.offset) == [100_001])
  }

  /// A phrase after other words of the list, as people write.
  @Test func wordsAboutItDoNotHideIt() {
    #expect(kinds("wallet seed phrase word list \(Phrases.vectors[5]) keep this secret now") == [.seedPhrase])
    #expect(kinds("twelve words: \(Phrases.vectors[6])") == [.seedPhrase])
  }

  @Test func theWordListItselfIsNoSecret() {
    #expect(kinds(list.joined(separator: "\n")) == [])
    #expect(kinds("[\"" + list.joined(separator: "\",\"") + "\"]") == [])
    #expect(kinds((list + list).joined(separator: " ")) == [])
  }

  @Test func nearMissesAreNone() {
    // A word that the list doesn't have in the middle; too much between; no separators.
    let words = Phrases.words(Phrases.vectors[4])
    #expect(kinds((words[..<6] + ["xylophone"] + words[6...]).joined(separator: " ")) == [])
    #expect(kinds(words.joined(separator: String(repeating: " ", count: 65))) == [])
    #expect(kinds(words.joined(separator: String(repeating: " ", count: 64))) == [.seedPhrase])
    #expect(kinds(words.joined()) == [])
    #expect(kinds("") == [])
    #expect(kinds("zoo") == [])
  }
}
