import Files
import Secrets
import TestKit
import Testing

/// Content that is made, or happens, to be slow or to break the search.
@Suite struct HostileTests {
  private func repeated(_ text: String, to size: Int) -> [UInt8] {
    let bytes = Array(text.utf8)
    return Array(repeatElement(bytes, count: size / bytes.count + 1).joined().prefix(size))
  }

  @Test(arguments: [
    "abandon ", "a", "a ", "AAAAAAAAAA", "\0", "-", "V", "PRIVATE KEY-----", "-----BEGIN ", "5", "zoo\n", "{\"seed\"",
  ])
  func endlessRepetition(_ text: String) {
    let content = repeated(text, to: 300_000)
    #expect(found(content) == [])
    #expect(found(content, pieces: 50_000) == [])
    // What comes after all that is found nevertheless.
    let tail = Array("\n. \(Phrases.vectors[1])\n".utf8)
    #expect(found(content + tail, pieces: 100_000).map(\.kind) == [.seedPhrase])
  }

  @Test func aPhraseWithinEndlessWords() {
    let words = repeated("abandon ", to: 200_000)
    let content = words + Array("about ".utf8) + words
    #expect(found(content, pieces: 4096).map(\.kind) == [.seedPhrase])
    #expect(found(content).map(\.kind) == [.seedPhrase])
  }

  @Test func noiseHoldsNothing() {
    for seed in 1...2 { #expect(found(Phrases.bytes(1 << 19, seed: UInt64(seed))) == []) }
  }

  @Test func holesArePassedOver() {
    let scanner = SecretScanner()
    let phrase = Array(Phrases.vectors[2].utf8)
    scanner.begin(name: "sparse".utf8)
    scanner.skip(1 << 40)
    phrase.withUnsafeBytes { scanner.take($0) }
    scanner.skip(10)
    #expect(scanner.finish() == [SecretFinding(.seedPhrase, offset: 1 << 40, line: 1)])
    // A hole in the middle: it is none any more.
    scanner.begin(name: "sparse".utf8)
    phrase[..<40].withUnsafeBytes { scanner.take($0) }
    scanner.skip(4096)
    phrase[40...].withUnsafeBytes { scanner.take($0) }
    #expect(scanner.finish() == [])
  }

  /// Ordinary text: the kernel's C headers, and this project's sources without the tests, which hold vectors.
  @Test func ordinaryTreesRaiseNoAlarm() throws {
    let project = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let scanner = SecretScanner()
    var count = 0
    for folder in ["/usr/include/linux", "\(project)/Sources", "\(project)/man", "\(project)/Fixtures"] {
      for path in try Command.succeed("find", [folder, "-type", "f", "-size", "-2000k"]).lines {
        let content = try FileContent.read(path)
        let findings = content.withUnsafeBytes { scanner.scan($0, name: path.utf8) }
        #expect(findings == [], "\(path)")
        count += 1
      }
    }
    #expect(count > 500)
  }
}
