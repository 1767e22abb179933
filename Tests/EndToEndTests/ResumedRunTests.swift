internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// A run that is killed, at each of its stages: what storage has acknowledged is never sent again, counted on the wire.
struct ResumedRunTests {
  private static let files = 32
  /// Bytes: below the smallest chunk, so that a file is one chunk.
  private static let size = 250_000
  /// Less than any file: headers, records, what encryption adds.
  private static let allowance = 200_000

  /// Requests that a run is killed at, before they get through; the third volume of one run, say.
  private static let stages = [
    ("/RECOVER-1.md", 1), ("/catalog/", 1), ("/volume-", 1), ("/volume-", 3), ("/volume-", 2), ("/volume-", 3),
    ("/manifest.tar.zst.gpg", 1), ("/catalog/", 2),
  ]

  @Test func whatWasAcknowledgedIsNeverSentAgain() throws {
    let server = try S3Server.shared(.moto)
    let bucket = try server.makeBucket()
    let gate = try GatedProxy(to: server.endpoint)
    defer { gate.stop() }
    let house = try Installation([.s3(server, bucket: bucket, endpoint: gate.url)])
    house.use(server)
    house.sets[0].settings = "mode = \"incremental\""
    try house.configure()
    for number in 0..<Self.files {
      try Command.succeed(
        "dd", ["if=/dev/urandom", "of=\(house.source)/file-\(number)", "bs=\(Self.size)", "count=1"])
    }
    var acknowledged = 0
    for (request, nth) in Self.stages {
      gate.hold(at: request, nth: nth)
      let before = gate.passedBytes
      let run = try house.startNode(["backup"])
      #expect(gate.waitUntilHeld(), "\(request) \(nth)")
      // Answers that are on their way arrive, and are noted.
      usleep(400_000)
      run.signal(SIGKILL)
      _ = try run.wait()
      gate.cut()
      let stored = try Self.volumeBytes(server, bucket)
      // What went through was new: nothing that was there before, and little that did not stay.
      #expect(gate.passedBytes - before < stored - acknowledged + 2_000_000 + Self.allowance, "\(request) \(nth)")
      acknowledged = stored
      #expect(stored < Self.files * Self.size + Self.allowance, "\(request) \(nth): something was sent twice")
    }
    #expect(acknowledged > Self.files * Self.size)
    let before = gate.passedBytes
    let last = try house.node(["backup"])
    #expect(last.status == 0, "\(last.errorText)")
    #expect(gate.passedBytes - before < 100_000, "only records are left to send")
    #expect(try Self.volumeBytes(server, bucket) == acknowledged)
    try house.expectSound("restored")
  }

  /// The stored bytes of all volumes.
  private static func volumeBytes(_ server: S3Server, _ bucket: String) throws -> Int {
    let answer = try server.request("GET", "/\(bucket)", query: [("list-type", "2")])
    return String(decoding: answer.body, as: UTF8.self).split(separator: "<Contents>").reduce(0) { sum, object in
      guard object.contains("/volume-"), let begin = object.firstRange(of: "<Size>"),
        let end = object.firstRange(of: "</Size>")
      else { return sum }
      return sum + (Int(object[begin.upperBound..<end.lowerBound]) ?? 0)
    }
  }
}
