internal import Testing

/// Imports point downward, C stays behind its wrapper, and nothing in a library ends the process or prints.
struct LayerTests {
  /// Modules of the toolchain and the system that any target may import.
  private static let system: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials", "Testing"]

  /// Each C module's only importers.
  private static let wrappers: [String: Set<String>] = [
    "CGPGME": ["OpenPGP", "OpenPGPDecryption"],
    "CCurl": ["HTTP"],
    "CZstd": ["Compression"],
    "CCrypto": ["Digests"],
    "CSQLite": ["Index"],
    "CTOML": ["Policy"],
    "CBuild": ["CommandLineOutput"],
    "CLinux": [
      "Files", "Archive", "Journal", "OpenPGP", "OpenPGPDecryption", "Processes", "Storage", "TestKit", "Watching",
    ],
  ]

  /// The node's program cannot decrypt, and the two engines do not know each other.
  private static let forbidden: [String: Set<String>] = [
    "Backup": ["OpenPGPDecryption", "Verify"],
    "Verify": ["Backup"],
    "redoubt": ["OpenPGPDecryption", "Verify"],
    "redoubt-verify": ["Backup"],
  ]

  private static let executables: Set<String> = ["redoubt", "redoubt-verify"]

  private static let targets = Project.names(in: "Sources").filter {
    !$0.hasPrefix("C") || $0.dropFirst().first?.isLowercase == true
  }

  /// Every target's files, read once for all tests.
  private static let read = Result {
    try targets.reduce(into: [String: [SwiftSource]]()) { all, target in
      all[target] = try Project.swiftFiles(in: "Sources/\(target)").map { try SwiftSource(path: $0) }
    }
  }

  private func sources(_ target: String) throws -> [SwiftSource] { try #require(try Self.read.get()[target]) }

  @Test func everyTargetHasFiles() {
    #expect(Self.targets.count >= 16)
    for target in Self.targets { #expect(!Project.swiftFiles(in: "Sources/\(target)").isEmpty, "\(target)") }
  }

  @Test(arguments: targets) func importsAreDeclared(_ target: String) throws {
    let declared = try PackageManifest().dependencies
    let allowed = try #require(declared[target], "Package.swift has no target \(target)")
    for source in try sources(target) {
      for module in source.imports where !Self.system.contains(module) {
        #expect(allowed.contains(module), "\(source.path) imports \(module), which \(target) does not declare")
      }
    }
  }

  @Test(arguments: targets) func importsKeepTheLayers(_ target: String) throws {
    let declared = try PackageManifest().dependencies[target] ?? []
    let imported = try sources(target).reduce(into: declared) { $0.formUnion($1.imports) }
    for (library, importers) in Self.wrappers where imported.contains(library) {
      #expect(importers.contains(target), "\(library) is for \(importers.sorted()) alone, not for \(target)")
    }
    let refused = imported.intersection(Self.forbidden[target] ?? [])
    #expect(refused.isEmpty, "\(target) must not import \(refused.sorted())")
    #expect(imported.isDisjoint(with: Self.executables))
    #expect(target == "TestKit" || !imported.contains("TestKit"))
  }

  @Test(arguments: targets) func nothingEndsTheProcess(_ target: String) throws {
    for source in try sources(target) {
      // Looking for a byte first is much faster than for a pattern: `!`, and the capitals of the two functions.
      for (number, line) in source.code.enumerated() where line.utf8.contains(where: Array("!EF".utf8).contains) {
        let place = "\(source.path):\(number + 1): \(source.lines[number])"
        #expect(!line.contains(/\b(try|as)!/), "\(place)")
        // A `!` right after an operand; `!=` is an operator.
        #expect(!line.contains(/[\w)\]>"`]!(?!=)/), "force unwrap: \(place)")
        if line.contains(/\b(fatalError|preconditionFailure)\(/) {
          #expect(source.isExplained(number), "without a comment that says why it cannot happen: \(place)")
        }
      }
    }
  }

  @Test(arguments: targets) func librariesDoNotPrint(_ target: String) throws {
    // These write to the terminal: it is their job.
    guard !Self.executables.contains(target), target != "CommandLineOutput" else { return }
    for source in try sources(target) {
      for (number, line) in source.code.enumerated()
      where line.utf8.contains(UInt8(ascii: "(")) && line.contains(/(^|[^.\w])(print|debugPrint|dump)\(/) {
        Issue.record("\(source.path):\(number + 1): \(source.lines[number])")
      }
    }
  }

  // What the rules above stand on.

  @Test func literalsAndCommentsAreBlanked() {
    let text = #"""
      let a = "x! \(b["k"]! + "y!") try!" // as!
      /* one /* two! */ print( */ let c = d!
      let e = """
        f! \(g(h)!)
        """
      """#
    let source = SwiftSource(path: "sample", text: text)
    #expect(source.lines.count == source.code.count)
    #expect(source.code[0].contains("]!") && !source.code[0].contains("try") && !source.code[0].contains("as!"))
    #expect(source.code[1].contains("d!") && !source.code[1].contains("two") && !source.code[1].contains("print"))
    #expect(!source.code[3].contains("f!") && source.code[3].contains("g(h)!"))
  }

  @Test func importsAreRead() {
    let text = "internal import Glibc\npublic import Files\n@testable internal import Storage\n// import No\n"
    #expect(SwiftSource(path: "sample", text: text).imports == ["Glibc", "Files", "Storage"])
  }

  @Test func thePackageIsRead() throws {
    let dependencies = try PackageManifest().dependencies
    #expect(dependencies["Digests"] == ["CCrypto"])
    #expect(dependencies["Channels"] == [])
    #expect(dependencies["redoubt-verify"]?.contains("ArgumentParser") == true)
    #expect(dependencies["Backup"]?.contains("SystemPackage") == true)
  }
}

/// The targets of Package.swift with the modules that each declares.
struct PackageManifest {
  let dependencies: [String: Set<String>]

  /// Constants of Package.swift that stand for products.
  private static let products = ["system": "SystemPackage", "arguments": "ArgumentParser"]

  init() throws {
    let text = try Project.text("Package.swift")
    var found: [String: Set<String>] = [:]
    let declarations = [
      /module\(\s*"(?<name>[\w-]+)",\s*\[(?<list>[^\]]*)\]\s*\)/,
      /executableTarget\(\s*name: "(?<name>[\w-]+)",\s*dependencies: \[(?<list>[^\]]*)\]/,
    ]
    for declaration in declarations {
      for match in text.matches(of: declaration) {
        let words = match.output.list.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init)
        found[String(match.output.name)] = Set(words.map { Self.products[$0] ?? $0 })
      }
    }
    dependencies = found
  }
}
