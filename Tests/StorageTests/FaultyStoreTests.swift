import Storage
import Testing
import TestKit

/// The tests' own tool: each fault does what it says, and nothing at the other calls.
@Suite struct FaultyStoreTests {
  private let folder: TemporaryFolder
  private let broken = StorageError(.server, "test", "broken", isTransient: true)

  init() throws { folder = try TemporaryFolder() }

  @Test func failsAtTheNthCall() throws {
    let store = FaultyStore(DirectoryStore(folder.path), at: 2, .fail(broken))
    try store.put(Upload(key: "a", content: [1]))
    #expect(failure { try store.put(Upload(key: "b", content: [2])) } == broken)
    #expect(try store.list(prefix: "").map(\.key) == ["a"])
    #expect(store.calls.map(\.operation) == [.put, .put, .list] && store.calls[1].key == "b")
  }

  @Test func losesAnswersAndRetryingHeals() throws {
    let faulty = FaultyStore(DirectoryStore(folder.path), at: 1, .loseAnswer(broken))
    var policy = RetryPolicy()
    policy.sleep = { _ in }
    try RetryingStore(faulty, policy).put(Upload(key: "a", content: [1]))
    #expect(faulty.calls.count == 2)
    #expect(try faulty.get("a", maximumLength: 1) == [1])
  }

  @Test func lies() throws {
    let store = FaultyStore(DirectoryStore(folder.path)) { call in
      switch (call.operation, call.key) {
      case (.put, "never"), (.remove, _): .pretend
      case (.put, "short"): .truncate(1)
      case (.get, "bits"): .flip(-1)
      default: nil
      }
    }
    for key in ["never", "short", "bits"] { try store.put(Upload(key: key, content: [4, 4])) }
    try store.remove("bits")
    #expect(try store.size(of: "never") == nil)
    #expect(try store.get("short", maximumLength: 2) == [4])
    #expect(try store.get("bits", maximumLength: 2) == [4, 5])
  }
}
