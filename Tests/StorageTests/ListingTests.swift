import Storage
import Testing
import TestKit

/// Listings as a server may write them, rightly or wrongly.
@Suite struct ListingTests {
  private func list(_ pages: [String]) throws -> Result<[ObjectSummary], StorageError> {
    let server = try ScriptedHTTPServer(pages.map { .reply(200, body: $0) })
    defer { server.stop() }
    var settings = S3Settings(endpoint: server.url, region: "r", bucket: "b")
    settings.prefix = "p"
    let credentials = CredentialsProvider(Credentials(accessKeyID: "id", secretAccessKey: Secret("s")))
    let store = try S3Store(settings, credentials: credentials)
    let result = Result { () throws(StorageError) in try store.list(prefix: "") }
    if case .success = result { #expect(server.requests.count == pages.count) }
    return result
  }

  private func page(_ content: String) -> String {
    "<?xml version='1.0'?><!-- c --><ListBucketResult xmlns=\"http://x/>\">\(content)</ListBucketResult>\n"
  }

  private func entry(_ key: String) -> String { "<Contents><Key>\(key)</Key><Size>5</Size></Contents>" }

  @Test func decodesNames() throws {
    let plain = page(entry("p/a&amp;b&lt;&#x20AC;&#65;") + entry("<![CDATA[p/<c>]]>") + entry("p/100%+1"))
    #expect(try list([plain]).get().map(\.key) == ["100%+1", "<c>", "a&b<€A"])
    let encoded = page("<EncodingType>url</EncodingType>" + entry("p/a+b%2Bc%C3%A4"))
    #expect(try list([encoded]).get().map(\.key) == ["a b+cä"])
  }

  @Test func followsThePages() throws {
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>"
    let last = page("<IsTruncated>false</IsTruncated>" + entry("p/a"))
    #expect(try list([page(more + entry("p/b")), last]).get().map(\.key) == ["a", "b"])
    // The same token again, and none at all.
    #expect(throws: StorageError.self) { try list([page(more), page(more), last]).get() }
    #expect(throws: StorageError.self) { try list([page("<IsTruncated>true</IsTruncated>"), last]).get() }
  }

  @Test(arguments: [
    "", "<", "<ListBucketResult>", "<ListBucketResult></Other>", "<html></html>", "<ListBucketResult/>x",
    "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>", "<ListBucketResult>&evil;</ListBucketResult>",
    "<ListBucketResult>&unended</ListBucketResult>", "<ListBucketResult a=\"b></ListBucketResult>",
    "<ListBucketResult><Contents><Key>p/a</Key></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>p/a</Key><Size>-1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>elsewhere</Key><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><!-- open", "<ListBucketResult><![CDATA[ open", "<ListBucketResult>&#xD800;</ListBucketResult>",
  ])
  func refusesWhatIsNoListing(_ body: String) throws {
    let result = try list([body])
    guard case .failure(let error) = result else {
      Issue.record("\(body.debugDescription) was taken for a listing")
      return
    }
    #expect(error.code == .server)
  }

  @Test func refusesDeepNesting() throws {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(throws: StorageError.self) { try list([page(deep)]).get() }
  }
}
