import Channels
import Files
import Glibc
import OpenPGP
import OpenPGPDecryption
import TestKit
import Testing

/// gpg that does not come to its own end is an error, never success and never damage.
@Suite(.serialized) struct InterruptionTests {
  /// Sends a signal to the gpg that works on `home` for us, as soon as it runs.
  private func interrupt(_ home: String, with signal: Int32) -> Bool {
    let start = Array("gpg\0--homedir\0\(home)\0".utf8)
    let end = Timestamp.now().seconds + 20
    while Timestamp.now().seconds < end {
      for process in processes() {
        // Most have ended before they are read.
        guard let line = try? FileContent.read("/proc/\(process)/cmdline"), line.starts(with: start) else { continue }
        return kill(process, signal) == 0
      }
    }
    return false
  }

  private func processes() -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [pid_t] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let process = pid_t(name) { found.append(process) }
    }
    return found
  }

  private func errorOf(_ home: String, signal: Int32, _ work: @escaping @Sendable () throws -> Void) -> OpenPGPError? {
    let outcome = Channel<OpenPGPError?>(limit: 1)
    let thread = DedicatedThread {
      let error = failure(work)
      // A channel that nobody has ended takes one element.
      try? outcome.send(error)
    }
    let hit = interrupt(home, with: signal)
    thread.join()
    #expect(hit, "gpg was not met while it worked")
    return (try? outcome.receive()).flatMap(\.self)
  }

  @Test func killedGPGIsAnError() throws {
    let people = try Correspondents()
    let plain = [UInt8](repeating: 7, count: 48 << 20)
    let encryptor = try people.encryptor()
    let message = try encryptor.encrypt(plain)
    let encrypting = errorOf(people.node.home, signal: SIGKILL) { _ = try encryptor.encrypt(plain) }
    #expect(encrypting?.code == .failed && encrypting?.reason.contains("signal 9") == true)
    let decryptor = try people.decryptor()
    let decrypting = errorOf(people.keeper.home, signal: SIGTERM) {
      _ = try decryptor.decrypt(message, maximumLength: plain.count)
    }
    #expect(decrypting?.code == .failed, "\(String(describing: decrypting))")
    // Nothing stays broken.
    #expect(try decryptor.decrypt(message, maximumLength: plain.count) == .plaintext(plain))
    people.close()
  }

  @Test func hangingGPGIsStopped() throws {
    let people = try Correspondents()
    let plain = [UInt8](repeating: 7, count: 48 << 20)
    let encryptor = try people.encryptor(timeout: 3)
    let error = errorOf(people.node.home, signal: SIGSTOP) { _ = try encryptor.encrypt(plain) }
    #expect(error?.code == .timedOut && error?.isTransient == true)
    people.close()
  }
}
