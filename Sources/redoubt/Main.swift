import ArgumentParser
import CommandLineOutput
import Compression
import Digests
import HTTP
import Index
import OpenPGP

@main
struct Redoubt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redoubt",
    abstract: "Back up this machine's keys, configurations and data, encrypted for a keeper who proves every copy.",
    discussion: ExitStatus.discussion(
      "This program can add to storage and nothing else: it can open, list and delete no backup.",
      also: ExitStatus.allCases),
    version: VersionText.text("redoubt") {
      [
        .init("gpgme", OpenPGPVersions.gpgme), .init("gpg", OpenPGPVersions.gpg()), .init("libcurl", HTTPVersions.curl),
        .init("OpenSSL", DigestVersions.openSSL), .init("SQLite", IndexVersions.sqlite),
        .init("zstd", CompressionVersions.zstd),
      ]
    },
    subcommands: [
      InitCommand.self, CheckCommand.self, BackupCommand.self, WatchCommand.self, StatusCommand.self,
      ScheduleCommand.self,
    ])
}
