import Digests
import Files
import FoundationEssentials
import Storage
import Testing
import TestKit

@Suite struct S3SignerTests {
  private struct Example: Decodable {
    var name: String
    var method: String
    var path: String
    var query: [[String]]
    var headers: [[String]]
    var payload: String
    var lifetime: Int?
    var signature: String
  }

  @Test func signsAmazonsPublishedExamples() throws {
    let path = Paths.parent(Paths.parent(S3Server.scripts)) + "/Fixtures/signing/aws-s3-examples.json"
    let examples = try JSONDecoder().decode([Example].self, from: Data(try FileContent.read(path)))
    #expect(examples.count == 5)
    let credentials = Credentials(
      accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    let signer = S3Signer(credentials, region: "us-east-1")
    let time = try #require(Timestamp("20130524T000000Z"))
    for example in examples {
      let request = S3Signer.Request(
        example.method, host: "examplebucket.s3.amazonaws.com", path: example.path,
        query: example.query.map { ($0[0], $0[1]) }, headers: example.headers.map { ($0[0], $0[1]) })
      if let lifetime = example.lifetime {
        let url = signer.presignedURL(for: request, scheme: "https", lifetime: lifetime, at: time)
        #expect(url.hasSuffix("&X-Amz-Signature=\(example.signature)"), "\(example.name)")
      } else {
        let payload = SHA256.digest(Array(example.payload.utf8)).hex
        let headers = signer.headers(for: request, payload: payload, at: time)
        let authorization = headers.first { $0.name == "Authorization" }?.value ?? ""
        #expect(authorization.hasSuffix("Signature=\(example.signature)"), "\(example.name)")
      }
    }
  }

  private struct Case: Encodable {
    var method: String
    var host: String
    var path: String
    var query: [[String]]
    var headers: [[String]]
    var payload: String
    var id: String
    var secret: String
    var token: String?
    var region: String
    var time: String
    var lifetime: Int?
  }

  @Test func agreesWithBotocoreOnOddRequests() throws {
    var random = SplitMix(state: 20_261_121)
    let cases = (0..<400).map { number in Self.randomCase(number, &random) }
    let outcome = try Command.succeed(
      "\(try S3Server.tools())/python3", ["\(S3Server.scripts)/sign-with-botocore.py"],
      input: [UInt8](try JSONEncoder().encode(cases)))
    #expect(outcome.lines.count == cases.count)
    for (test, expected) in zip(cases, outcome.lines) {
      let signer = S3Signer(
        Credentials(
          accessKeyID: test.id, secretAccessKey: Secret(test.secret), sessionToken: test.token.map { Secret($0) }),
        region: test.region)
      let request = S3Signer.Request(
        test.method, host: test.host, path: test.path, query: test.query.map { ($0[0], $0[1]) },
        headers: test.headers.map { ($0[0], $0[1]) })
      let time = try #require(Timestamp(test.time))
      if let lifetime = test.lifetime {
        let url = signer.presignedURL(for: request, scheme: "https", lifetime: lifetime, at: time)
        #expect(Self.signature(url) == Self.signature(expected), "\(test)")
      } else {
        let headers = signer.headers(for: request, payload: test.payload, at: time)
        #expect(headers.first { $0.name == "Authorization" }?.value == expected, "\(test)")
      }
    }
  }

  private static func signature(_ url: String) -> Substring? {
    url.split(separator: "&").first { $0.hasPrefix("X-Amz-Signature=") }
  }

  private static func randomCase(_ number: Int, _ random: inout SplitMix) -> Case {
    func text(_ most: Int, _ alphabet: [Character]) -> String {
      String((0..<Int.random(in: 1...most, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "x" })
    }
    let odd = Array("abcXYZ019-._~/ +%&=?#:;,@!$'()*[]\"\\<>^`{|}äöß€😀")
    let plain = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    var names: Set<String> = []
    let queries = Int.random(in: 0...4, using: &random)
    while names.count < queries { names.insert(text(8, odd)) }
    let headerValue = text(12, Array("abc XYZ 019=;,"))
    let isPresigned = number.isMultiple(of: 4)
    return Case(
      method: ["GET", "PUT", "HEAD", "DELETE", "POST"].randomElement(using: &random) ?? "GET",
      host: text(10, plain) + [".example.com", ":9000"][number % 2],
      path: "/" + text(40, odd), query: names.sorted().map { [$0, number.isMultiple(of: 3) ? "" : text(12, odd)] },
      headers: number.isMultiple(of: 2) ? [] : [["x-amz-meta-note", headerValue], ["If-None-Match", "*"]],
      payload: SHA256.digest(Array(text(20, plain).utf8)).hex, id: text(20, plain), secret: text(40, odd),
      token: number.isMultiple(of: 5) ? text(60, Array("abcXYZ019+/=")) : nil,
      region: ["us-east-1", "eu-central-1", "garage"].randomElement(using: &random) ?? "us-east-1",
      time: Timestamp(seconds: Int64.random(in: 1_000_000_000...4_000_000_000, using: &random)).basic,
      lifetime: isPresigned ? Int.random(in: 1...604_800, using: &random) : nil)
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
