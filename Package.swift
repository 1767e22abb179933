// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

/// A library target; its dependencies are exactly what its files may import.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

/// What `--version` names: given by the Makefile, which knows whether it is a clean checkout.
let commit = (Context.environment["REDOUBT_COMMIT"] ?? "").filter { $0.isLetter || $0.isNumber || $0 == "-" }

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "redoubt",
  products: [
    .executable(name: "redoubt", targets: ["redoubt"]),
    .executable(name: "redoubt-verify", targets: ["redoubt-verify"]),
  ],
  dependencies: [
    // Exactly these: who builds a commit again shall get the same programs.
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  ],
  targets: [
    // C libraries of the system: a module map and a shim header each.
    .systemLibrary(name: "CGPGME", pkgConfig: "gpgme", providers: [.apt(["libgpgme-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CLinux"),
    // toml++, which is C++ and headers alone (libtomlplusplus-dev), behind a C function.
    .target(name: "CTOML"),
    // The commit that is built.
    .target(name: "CBuild", cSettings: commit.isEmpty ? [] : [.define("REDOUBT_COMMIT", to: "\"\(commit)\"")]),

    // Foundations: no module here knows what a backup is.
    module("Digests", ["CCrypto"]),
    module("Compression", ["CZstd"]),
    module("Channels", []),
    module("Files", ["CLinux", system]),
    module("Chunking", ["Digests"]),
    module("Secrets", ["Digests"]),
    module("Processes", ["CLinux", system]),
    module("JSON", []),
    module("Journal", ["CLinux", "Files", system]),
    module("Watching", ["Channels", "CLinux", "Files", system]),

    // Wrappers: the only importers of their C libraries.
    module("Archive", ["CLinux", "Digests", "Files", system]),
    module("OpenPGP", ["CGPGME", "CLinux", "Files", "Processes", system]),
    module("OpenPGPDecryption", ["CGPGME", "CLinux", "Files", "OpenPGP", system]),
    module("HTTP", ["CCurl", "Files"]),
    module("Index", ["CSQLite", "Digests", "Files"]),

    module("Storage", ["Channels", "CLinux", "Digests", "Files", "HTTP", "Processes", system]),
    module(
      "Repository",
      ["Archive", "Channels", "Compression", "Digests", "Files", "JSON", "OpenPGP", "Storage", system]),
    module(
      "Policy",
      ["Archive", "Digests", "Files", "OpenPGP", "Processes", "Repository", "Storage", "CTOML", system]),
    module(
      "Backup",
      [
        "Archive", "Channels", "Chunking", "Compression", "Digests", "Files", "Index", "OpenPGP", "Policy",
        "Processes", "Repository", "Secrets", "Storage", system,
      ]),
    module(
      "Verify",
      [
        "Archive", "Channels", "Compression", "Digests", "Files", "JSON", "OpenPGP", "OpenPGPDecryption",
        "Policy", "Processes", "Repository", "Storage", system,
      ]),

    // The keeper's records as a page to look at.
    module("Report", ["Files", "Policy", "Repository", "Verify"]),

    // Tells others how a run ended: metrics, commands, pings.
    module("Alerts", ["Channels", "Files", "HTTP", "JSON", "Policy", "Processes", "Storage", system]),

    // What the two executables share: output, progress, exit codes.
    module(
      "CommandLineOutput",
      ["Alerts", "CBuild", "Files", "JSON", "Journal", "Policy", "Repository", "Storage", system, arguments]),
    .executableTarget(
      name: "redoubt",
      dependencies: [
        "Alerts", "Backup", "CommandLineOutput", "Compression", "Digests", "Files", "HTTP", "Index", "OpenPGP",
        "Policy",
        "Repository", "Storage", "Watching", arguments,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "redoubt-verify",
      dependencies: [
        "Alerts", "Archive", "CommandLineOutput", "Compression", "Digests", "Files", "HTTP", "JSON",
        "OpenPGP", "OpenPGPDecryption", "Policy", "Report", "Repository", "Storage", "Verify", arguments,
      ],
      swiftSettings: settings),

    // Real servers, key rings, trees that are hard to back up.
    module("TestKit", ["Archive", "Channels", "CLinux", "Compression", "Digests", "Files", "HTTP", "Storage", system]),
    tests("FoundationsTests", ["Channels", "Compression", "Digests", "Files", "Processes", "TestKit"]),
    tests(
      "AlertsTests",
      [
        "Alerts", "CommandLineOutput", "Files", "HTTP", "JSON", "Journal", "Policy", "Repository", "Storage",
        "TestKit", "Verify",
      ]),
    tests("WatchingTests", ["Channels", "Files", "TestKit", "Watching"]),
    tests("ChunkingTests", ["Chunking", "Digests"]),
    tests("SecretsTests", ["Digests", "Files", "Secrets", "TestKit"]),
    tests("IndexTests", ["Archive", "Digests", "Files", "Index", "TestKit"]),
    tests("ArchiveTests", ["Archive", "Compression", "Digests", "Files", "TestKit"]),
    tests("OpenPGPTests", ["Channels", "OpenPGP", "OpenPGPDecryption", "Files", "TestKit"]),
    tests("StorageTests", ["Channels", "Digests", "HTTP", "Storage", "Files", "TestKit"]),
    tests(
      "RepositoryTests",
      ["Archive", "Compression", "Repository", "Digests", "Files", "JSON", "Storage", "TestKit"]),
    tests(
      "PolicyTests",
      [
        "CommandLineOutput", "Policy", "OpenPGP", "Files", "Repository", "Storage", "TestKit", "redoubt",
        "redoubt-verify",
      ]),
    tests(
      "EngineTests",
      [
        "Archive", "Backup", "Channels", "Compression", "Digests", "Files", "Index", "OpenPGP", "OpenPGPDecryption",
        "Policy", "Repository", "Storage", "TestKit", "Verify",
      ]),
    tests("ReportTests", ["Files", "Policy", "Report", "Repository", "Verify"]),
    tests("EndToEndTests", ["Digests", "Files", "TestKit", "redoubt", "redoubt-verify"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
