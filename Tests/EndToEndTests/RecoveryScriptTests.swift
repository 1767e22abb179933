internal import Files
internal import TestKit
internal import Testing

/// Snapshots made by hand from the format's description alone, recovered without any of our code.
struct RecoveryScriptTests {
  /// The shells of Debian, of most people, and of small systems; the last with BusyBox's own awk, sed, sha256sum and so on.
  @Test(arguments: [["dash"], ["bash"], ["busybox", "sh"], ["-b", "busybox", "sh"]])
  func recoversAndRefuses(_ shell: [String]) throws {
    let outcome = try Command.run(
      "bash",
      ["\(Project.root)/Tests/Recovery/recover-test.sh", "\(Project.root)/Fixtures/recovery/recover-1.sh"] + shell,
      timeout: 600)
    let wrong = outcome.text.split(separator: "\nok ").filter { $0.contains("not ok ") }
    #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(outcome.lines.count { $0.hasPrefix("ok ") } >= 95)
  }
}
