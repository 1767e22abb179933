internal import CLinux
package import Files
internal import Glibc
internal import Processes
internal import SystemPackage

/// One run of gpg over one message: input and output are files in memory, so that neither side waits for the other,
/// nothing is copied to hand it over, and no plaintext touches a disk.
package struct GPGProcess {
  /// nil where a signal ended gpg.
  package let exitCode: Int32?
  package let signal: Int32?
  package let status: [GPGStatus]
  /// What gpg wrote to standard error.
  package let complaints: String
  /// How many bytes gpg wrote as its output.
  package let written: Int

  /// The file gpg is run from, found once: the first `gpg` on `PATH`.
  package static func program() throws(OpenPGPError) -> String {
    guard let located else {
      throw OpenPGPError(
        .notInstalled, "gpg", "there is no gpg on PATH", hint: "install GnuPG: apt-get install gnupg")
    }
    return located
  }

  private static let located: String? = {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/gpg" }.first { access($0, X_OK) == 0 }
  }()

  /// Runs gpg to its end.
  /// - Parameters:
  ///   - output: holds afterwards what gpg wrote, which is good for nothing until the caller has judged how gpg ended.
  ///   - timeout: seconds; then gpg is killed.
  /// - Throws: `notInstalled`, `timedOut`, or `failed` where gpg cannot be started.
  package init(
    home: String?, arguments: [String], input: MemoryFile, output: MemoryFile, timeout: Int
  ) throws(OpenPGPError) {
    let program = try GPGProcess.program()
    let waitStatus: Int32
    let inTime: Bool
    do {
      let statusFile = try MemoryFile()
      let errorFile = try MemoryFile()
      try input.prepareForReading()
      try output.prepareForWriting()
      let process = try GPGProcess.spawn(
        program, home.map { ["--homedir", $0] } ?? [], arguments,
        descriptors: [input.descriptor, output.descriptor, errorFile.descriptor, statusFile.descriptor])
      (waitStatus, inTime) = GPGProcess.wait(for: process, seconds: timeout)
      for file in [output, errorFile, statusFile] { try file.takeWritten() }
      status = GPGStatus.parse(statusFile.array)
      complaints = String(decoding: errorFile.bytes, as: UTF8.self)
    } catch {
      throw OpenPGPError(error)
    }
    written = output.count
    exitCode = redoubt_exited(waitStatus) != 0 ? redoubt_exit_status(waitStatus) : nil
    signal = redoubt_signalled(waitStatus) != 0 ? redoubt_term_signal(waitStatus) : nil
    guard inTime else {
      throw OpenPGPError(.timedOut, "gpg", "gpg did not end within \(timeout) s and was stopped")
    }
  }

  /// gpg's last complaint without its prefix, for messages.
  package var lastComplaint: String {
    let lines = complaints.split(separator: "\n").filter { $0.hasPrefix("gpg: ") }
    return lines.last.map { String($0.dropFirst(5)) } ?? ""
  }

  /// Options that make gpg behave the same whatever the terminal, the network and most of the home's gpg.conf.
  private static let commonArguments = [
    "--batch", "--no-tty", "--yes", "--status-fd", "3", "--disable-dirmngr", "--no-auto-key-locate",
    "--no-auto-check-trustdb", "--trust-model", "always", "--no-armor", "--output", "-",
  ]

  private static func spawn(
    _ program: String, _ homeArguments: [String], _ arguments: [String], descriptors: [Int32]
  ) throws(OpenPGPError) -> pid_t {
    do {
      return try Processes.spawn(
        program, words: ["gpg"] + homeArguments + commonArguments + arguments, variables: environment,
        descriptors: descriptors)
    } catch {
      throw OpenPGPError(.failed, program, "cannot start gpg: \(error.description.lowercased())")
    }
  }

  /// Waits for the process alone (never for others' children); kills its group once the time is over.
  private static func wait(for process: pid_t, seconds: Int) -> (status: Int32, inTime: Bool) {
    let ended = redoubt_pidfd_open(process)
    defer { if ended >= 0 { close(ended) } }
    let deadline = milliseconds() + seconds * 1000
    var inTime = true
    var isRunning = ended >= 0
    while isRunning {
      let left = deadline - milliseconds()
      inTime = left > 0
      guard inTime else { break }
      var descriptor = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
      isRunning = poll(&descriptor, 1, Int32(clamping: left)) <= 0
    }
    if !inTime { kill(-process, SIGKILL) }
    var status: Int32 = 0
    _ = retryingInterrupts { Int(waitpid(process, &status, 0)) }
    return (status, inTime)
  }

  private static func milliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// Our variables, but messages in English: they end up in logs and in `OpenPGPError.reason`.
  private static let environment: [String] = {
    var variables: [String] = []
    var characterType: String?
    var next = environ
    while let entry = next.pointee {
      next += 1
      let text = String(cString: entry)
      // LC_ALL would win over LC_MESSAGES; its other effect, the terminal's encoding (for pinentry), is kept.
      if text.hasPrefix("LC_ALL=") { characterType = String(text.dropFirst(7)) }
      if ["LC_ALL=", "LC_MESSAGES=", "LANGUAGE="].contains(where: text.hasPrefix) { continue }
      variables.append(text)
    }
    if let characterType {
      variables.removeAll { $0.hasPrefix("LC_CTYPE=") }
      variables.append("LC_CTYPE=\(characterType)")
    }
    return variables + ["LC_MESSAGES=C"]
  }()

  /// A deadline (seconds) no healthy run comes near: gpg does some 200 MB/s, a slow board or a busy disk a tenth of it;
  /// two minutes more for whoever types a passphrase or touches a card.
  package static func timeout(forBytes count: Int) -> Int { 120 + count >> 20 }
}
