import Files
import Glibc
import Synchronization
import TestKit
import Testing
import Watching

/// A watcher on real directories, and what it told.
final class Following {
  let folder: TemporaryFolder
  let watcher: Watcher
  private let events: Events

  private final class Events: Sendable {
    let list = Mutex<[Watcher.Event]>([])
  }

  /// - Parameters:
  ///   - sources: below a new folder, which has `in/` and `out/`.
  ///   - prepare: a shell script that runs in that folder before it is watched.
  init(_ sources: [String] = ["in"], filter: WatchFilter = WatchFilter(), prepare: String = "") throws {
    folder = try TemporaryFolder("watch")
    for name in ["in", "out"] { try Paths.makeFolders(folder(name)) }
    try Command.succeed("sh", ["-ec", prepare], folder: folder.path)
    let events = Events()
    self.events = events
    let target = WatchTarget(name: "data", paths: sources.map { [folder] in folder($0) }, filter: filter)
    let start = ContinuousClock.now
    watcher = try Watcher(
      [target], owner: try Wakeup(),
      clock: {
        let time = ContinuousClock.now - start
        return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
      }
    ) { event in events.list.withLock { $0.append(event) } }
  }

  deinit { watcher.stop() }

  var told: [Watcher.Event] { events.list.withLock { $0 } }
  var coverage: WatchCoverage { watcher.coverages[0] }

  /// Runs a shell script in the folder and says whether it counts as a change; waits up to `seconds` for it.
  func changes(_ script: String, within seconds: Double = 5) throws -> Bool {
    settle()
    try Command.succeed("sh", ["-ec", script], folder: folder.path)
    for _ in 0..<Int(seconds * 100) {
      if watcher.takeChange(of: 0) != nil { return true }
      usleep(10_000)
    }
    return false
  }

  /// The same for what must go unnoticed: a change that comes after it shows that it was read.
  func staysQuiet(_ script: String, marker: String) throws -> Bool {
    settle()
    try Command.succeed("sh", ["-ec", script], folder: folder.path)
    usleep(150_000)
    guard watcher.takeChange(of: 0) == nil else { return false }
    return try changes(marker)
  }

  /// Waits until nothing is noticed any more.
  func settle() {
    var quiet = 0
    while quiet < 12 {
      usleep(10_000)
      quiet = watcher.takeChange(of: 0) == nil ? quiet + 1 : 0
    }
  }
}
