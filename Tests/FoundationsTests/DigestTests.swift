import Digests
import Testing

@Suite struct DigestTests {
  /// FIPS 180-4's example, and the digest of nothing.
  @Test func sha256MatchesPublishedVectors() {
    #expect(SHA256.digest(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(SHA256.digest([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func piecesHashLikeTheWhole() {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let hash = SHA256()
    var rest = bytes[...]
    var length = 1
    while !rest.isEmpty {
      hash.update(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
      length = length * 3 + 1
    }
    #expect(hash.finish() == SHA256.digest(bytes))
    hash.update(Array("abc".utf8))
    #expect(hash.finish() == SHA256.digest(Array("abc".utf8)), "an object begins anew after finish")
  }

  /// RFC 4231, test case 2; RFC 1321's suite.
  @Test func hmacAndMD5MatchPublishedVectors() {
    let mac = hmacSHA256(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
    #expect(Hex.encode(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(Hex.encode(md5(Array("message digest".utf8))) == "f96b697d7cb7938d525a2f31aaf161d0")
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func base64RoundTrips(_ plain: String, _ encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test(arguments: ["Zg", "Zg=", "Z===", "Z!==", "Zm8=Zm8="]) func base64RefusesAnythingElse(_ text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func digestsReadOnlyWhatTheyWrite() {
    let digest = SHA256.digest(Array("abc".utf8))
    #expect(SHA256Digest(hex: digest.hex) == digest)
    #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
    #expect(SHA256Digest(hex: String(digest.hex.dropLast())) == nil)
    #expect(SHA256Digest(hex: digest.hex.dropLast() + "g") == nil)
    #expect(SHA256Digest.zero < digest)
    #expect(SHA256Digest.zero.hex == String(repeating: "0", count: 64))
  }
}
