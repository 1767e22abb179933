import Archive
import Files
import Testing

@Suite struct ExcludeTests {
  static let patterns: [String] = [
    "*.tmp", "!keep.tmp", "/top", "build/", "docs/*.txt", "**/deep/x", "a/**/z", "under/**", "[!a-c]at", "q?r",
    "\\!bang", "lit\\*", "[[:digit:]]x", "!under/never", "**sta**r",
  ]
  static let paths: [String] = [
    "a.tmp", "d/a.tmp", "keep.tmp", "d/keep.tmp", "top", "d/top", "build", "d/build", "docs/a.txt", "docs/d/a.txt",
    "d/docs/a.txt", "deep/x", "d/deep/x", "d/e/deep/x", "deep/y", "a/z", "a/b/z", "a/b/c/z", "b/a/z", "under/f",
    "cat", "hat", "d/hat", "qxr", "qr", "!bang", "bang", "lit*", "lits", "1x", "ax", "mustaXr", "m/star",
  ]

  /// Git itself decides what is ignored; each path is once a file and once a directory.
  @Test(arguments: [false, true]) func patternsMeanWhatTheyMeanToGit(directories: Bool) throws {
    let rules = try ExcludeRules(Self.patterns)
    for path in Self.paths {
      let folder = try TemporaryFolder()
      try folder.write(".gitignore", Self.patterns.joined(separator: "\n") + "\n")
      if directories { try folder.makeFolder(path) } else { try folder.write(path) }
      let ignored = try shell(
        """
        cd "$1"; git init -q . && git check-ignore -q --no-index -- "$2" && echo yes || echo no
        """, folder.path, path)
      // Git looks at the directories above too; the walk would not have come below an excluded one.
      let parts = path.split(separator: "/")
      let excluded = parts.indices.contains { index in
        rules.exclude(
          Array(parts[...index].joined(separator: "/").utf8), isDirectory: index < parts.count - 1 || directories)
      }
      #expect(excluded == (ignored == "yes\n"), "\(path)")
    }
  }

  @Test(arguments: ["", "!", "/", "a[b", "a\\", "[[:nonsense:]]"]) func meaninglessPatternsAreErrors(pattern: String) {
    let error = #expect(throws: ArchiveError.self) { try ExcludeRules([pattern]) }
    #expect(error?.code == .invalidPattern)
    #expect(error?.subject == pattern)
  }

  @Test func aHostilePatternTakesNoLongerThanAnother() throws {
    let rules = try ExcludeRules([String(repeating: "a*", count: 60) + "b"])
    #expect(!rules.exclude([UInt8](repeating: 97, count: 255), isDirectory: false))
  }

  @Test func patternsMatchBytes() throws {
    let rules = try ExcludeRules(["ö?", "x*"])
    #expect(rules.exclude(Array("ö".utf8) + [0xff], isDirectory: false))
    #expect(rules.exclude([120, 0xff, 10], isDirectory: false))
  }
}
