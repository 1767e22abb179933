import Files
import Repository
import TestKit
import Testing

/// `redoubt-verify catalog rotate`, ended by SIGKILL before each of its steps: no record is lost, the chain holds, and the
/// signature holds or says only that records are not signed yet.
@Suite struct KilledRotationTests {
  let folder: ScratchFolder
  private let keys: SharedKeyRings
  private let stopper: String

  /// Ends the program that loads it before the step of the number `REDOUBT_KILL_BEFORE`: a write, sync, rename or cut of a
  /// regular file or a folder. Of a write the first half is made.
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/stat.h>
    #include <unistd.h>

    static int count;

    static int is_last(void) {
      const char *limit = getenv("REDOUBT_KILL_BEFORE");
      if (!limit || strcmp(program_invocation_short_name, "redoubt-verify") != 0) return 0;
      return __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) == atoi(limit);
    }

    static void stop(void) { if (is_last()) kill(getpid(), SIGKILL); }

    #define NEXT(name) __typeof__(name) *next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

    int rename(const char *from, const char *to) { NEXT(rename); stop(); return next(from, to); }
    int fsync(int file) { NEXT(fsync); stop(); return next(file); }
    int ftruncate(int file, off_t size) { NEXT(ftruncate); stop(); return next(file, size); }

    ssize_t write(int file, const void *bytes, size_t size) {
      NEXT(write);
      struct stat status;
      if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 0 && is_last()) {
        next(file, bytes, size / 2);
        kill(getpid(), SIGKILL);
      }
      return next(file, bytes, size);
    }
    """

  init() throws {
    folder = try ScratchFolder()
    keys = try SharedKeyRings.rings.get()
    let source = try folder.write("stopper.c", Self.source)
    stopper = "\(folder.path)/stopper.so"
    try Command.succeed("clang", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", stopper, source, "-ldl"])
    try Paths.makeFolders("\(folder.path)/disk")
    try folder.write(
      "verify.toml",
      """
      state = "\(folder.path)/state"
      [keys]
      gnupg-home = "\(keys.keeper.home)"
      signer = "\(keys.recipient)"
      [[destination]]
      name = "disk"
      kind = "directory"
      location = "offsite"
      path = "\(folder.path)/disk"
      [[node]]
      host = "peer-1"
      trusted-signers = ["\(keys.signer)"]
      destinations = ["disk"]

      """)
  }

  private var catalogs: [String] { ["state", "state/shards/1-of-2"].map { "\(folder.path)/\($0)/catalog.jsonl" } }

  private func run(_ arguments: [String], killedBefore step: Int? = nil) throws -> Command.Outcome {
    try Program.redoubtVerify.run(
      arguments + ["--config", "\(folder.path)/verify.toml"],
      environment: step.map { ["LD_PRELOAD": stopper, "REDOUBT_KILL_BEFORE": "\($0)"] } ?? [:])
  }

  /// A few old runs and attestations, and what came since, in a keeper's catalog and in a shard's.
  private func fill() throws -> [[CatalogRecord]] {
    let now = Timestamp.now()
    return try catalogs.map { path in
      try Command.succeed("rm", ["-rf", "\(Paths.parent(path))/catalog", path, "\(path).asc"])
      try Paths.makeFolders(Paths.parent(path), mode: 0o700)
      let file = try CatalogFile(path, mayBeRotated: true, now: now)
      for day in Int64(0)..<6 {
        let time = Timestamp(seconds: now.seconds - (500 - day * 90) * 86400)
        for _ in 0..<3 { try file.append(.run(KeeperRun(level: .readable)), at: time) }
        try file.append(
          .attestation(Attestation(class: "wallet-seed-phrases", host: nil, by: "Ada", note: "day \(day)")), at: time)
      }
      return file.records
    }
  }

  /// What must be true after every kill.
  private func expectWhole(_ before: [[CatalogRecord]], _ step: Int) throws {
    for (path, records) in zip(catalogs, before) {
      let file = try CatalogFile(reading: path)
      #expect(CatalogArchives(of: path).findings(file.records).isEmpty, "step \(step)")
      let all = try CatalogArchives(of: path).whole(file.records)
      #expect(Array(all.prefix(records.count)) == records, "step \(step): \(path)")
      #expect(all.dropFirst(records.count).allSatisfy { ["signer", "rotation"].contains($0.event.type) })
      guard Paths.exists("\(path).asc") else { continue }
      let home = ["--homedir", keys.keeper.home, "--batch"]
      #expect(try Command.run("gpg", home + ["--verify", "\(path).asc"]).status == 0, "step \(step): \(path)")
    }
  }

  @Test func killedBeforeAnyStepItLosesNothing() throws {
    var step = 0
    var kills = 0
    var states: Set<[Int]> = []
    repeat {
      step += 1
      let before = try fill()
      let outcome = try run(["catalog", "rotate", "--yes"], killedBefore: step)
      if outcome.status != 128 + 9 {
        #expect(outcome.status == 0, "step \(step): \(outcome.errorText)")
        break
      }
      kills += 1
      try expectWhole(before, step)
      states.insert(try catalogs.map { try CatalogFile(reading: $0).records.count })
      // The chain holds to the signature that is there, and another rotation does what this one did not.
      let check = try run(["catalog", "check"])
      #expect(check.status == 0, "step \(step): \(check.text)\(check.errorText)")
      let next = try run(["catalog", "rotate", "--yes"])
      #expect(next.status == 0, "step \(step): \(next.errorText)")
      try expectWhole(before, step)
      for path in catalogs {
        #expect(try CatalogFile(reading: path).records.contains { $0.event.type == "rotation" }, "step \(step)")
      }
    } while step < 200
    #expect(try run(["catalog", "rotate"]).text.hasPrefix("no record is older"))
    // Signing, the archive, the catalog's new form and signing again, each written, synced and renamed; for two catalogs.
    #expect(kills >= 30, "\(kills) steps")
    #expect(states.count >= 3, "before, between and after: \(states)")
  }
}
