internal import Digests
public import Files
public import HTTP
internal import Synchronization

/// Objects in a bucket of an S3 server. Each call is one try; `RetryingStore` makes it several.
public final class S3Store: ObjectWriter, ObjectReader, ObjectRemover {
  private let connection: S3Connection
  /// False once the server has said that it does not know `If-None-Match` on a PUT.
  private let knowsConditions: Atomic<Bool>
  /// Objects that a listing may have in all, and pages without any: more is a server that has no end.
  private static let longestListing = 20_000_000
  private static let emptyPages = 1000
  /// Bytes of one page of a listing: a thousand keys of 1,024 bytes, percent-encoded, with what stands around them.
  private static let longestPage = 16 << 20

  /// - Throws: `.refused` where endpoint or bucket are malformed.
  public init(
    _ settings: S3Settings, credentials: CredentialsProvider, cancellation: Cancellation = Cancellation(),
    clock: @escaping @Sendable () -> Timestamp = { .now() }, log: HTTPLog? = nil
  ) throws(StorageError) {
    knowsConditions = Atomic(settings.conditionalWrites)
    connection = try S3Connection(
      settings, credentials: credentials, cancellation: cancellation, clock: clock, log: log)
  }

  public func put(_ upload: Upload) throws(StorageError) {
    let isConditional = knowsConditions.load(ordering: .relaxed)
    do throws(StorageError) {
      try put(upload, isConditional: isConditional)
    } catch {
      // "NotImplemented" may be about another header: only a success without the condition says that it was this one.
      guard isConditional, error.code == .refused, error.reason.hasPrefix(S3Answer.unknownOption) else {
        throw error
      }
      try put(upload, isConditional: false)
      knowsConditions.store(false, ordering: .relaxed)
    }
  }

  private func put(_ upload: Upload, isConditional: Bool) throws(StorageError) {
    let settings = connection.settings
    // Base64 of the digest that is known already: a server checks it once more on its disk's side.
    var headers: [S3Signer.Field] = [("x-amz-checksum-sha256", Base64.encode(upload.digest.bytes))]
    if isConditional { headers.append(("If-None-Match", "*")) }
    if let sse = settings.sse { headers.append(("x-amz-server-side-encryption", sse)) }
    if let key = settings.sseKMSKeyID { headers.append(("x-amz-server-side-encryption-aws-kms-key-id", key)) }
    if let storageClass = settings.storageClass { headers.append(("x-amz-storage-class", storageClass)) }
    if let seconds = upload.lockedUntil, let mode = settings.lockMode {
      headers.append(("x-amz-object-lock-mode", mode.rawValue.uppercased()))
      headers.append(("x-amz-object-lock-retain-until-date", Timestamp(seconds: seconds).rfc3339))
      // Required beside a lock by servers that do not know the checksum header.
      headers.append(("Content-MD5", Base64.encode(upload.content.withUnsafeBytes { md5($0) })))
    }
    let subject = connection.address.name(of: upload.key)
    let answer = try connection.send(
      .init(
        method: "PUT", path: connection.address.path(of: upload.key), headers: headers, body: upload.content,
        payload: upload.digest.hex, subject: subject))
    guard answer["ETag"] != nil else {
      throw StorageError(
        .server, subject, "the server answered \(answer.status) without an ETag",
        hint: "the endpoint may not be an S3 server")
    }
  }

  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    try getObject(key, into: nil, maximumLength).body
  }

  public func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError) {
    _ = try getObject(key, into: object, maximumLength)
  }

  /// - Parameter object: gets the bytes; nil to have them in the answer.
  private func getObject(
    _ key: String, into object: MemoryFile?, _ maximumLength: Int
  ) throws(StorageError) -> HTTPResponse {
    let subject = connection.address.name(of: key)
    // Room for an error document where little is expected.
    let limit = max(maximumLength, 1 << 16)
    let answer = try connection.send(
      .init(
        method: "GET", path: connection.address.path(of: key), maximumLength: limit, sink: object, subject: subject))
    guard answer.hasKnownLength else {
      throw StorageError(.server, subject, "the server did not say how long the object is", isTransient: true)
    }
    // A proxy's or a portal's page with status 200 is no damaged object. What nodes store has no such type.
    if answer["Content-Type"]?.lowercased().hasPrefix("text/html") == true {
      throw StorageError(
        .server, subject, "the server answered with a web page",
        hint: "the endpoint may not be an S3 server, or something stands between: try it with a browser")
    }
    guard object?.count ?? answer.body.count <= maximumLength else {
      throw StorageError(.tooLong, subject, "the object is longer than \(maximumLength) bytes")
    }
    return answer
  }

  public func size(of key: String) throws(StorageError) -> UInt64? {
    let subject = connection.address.name(of: key)
    do throws(StorageError) {
      let answer = try connection.send(
        .init(method: "HEAD", path: connection.address.path(of: key), subject: subject))
      guard let size = answer["Content-Length"].flatMap({ UInt64($0) }) else {
        throw StorageError(.server, subject, "the server did not say how long the object is", isTransient: true)
      }
      return size
    } catch {
      guard error.code == .missing else { throw error }
      try requireBucket()
      return nil
    }
  }

  /// An answer to HEAD has no body that could tell a missing object from a missing bucket.
  private func requireBucket() throws(StorageError) {
    let subject = "s3://\(connection.address.bucket)"
    do throws(StorageError) {
      _ = try connection.send(.init(method: "HEAD", path: connection.address.bucketPath, subject: subject))
    } catch {
      // Who may not ask about the bucket takes the object's answer as it is.
      if error.code == .missing {
        throw StorageError(.noSuchStore, subject, "the bucket does not exist", hint: "create it first")
      }
    }
  }

  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
    var objects: [ObjectSummary] = []
    try eachPage(prefix: prefix, delimiter: nil) { (page) throws(StorageError) in
      objects += try page.objects()
    }
    return objects.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  public func listFolders(prefix: String) throws(StorageError) -> [String] {
    var folders: Set<String> = []
    try eachPage(prefix: prefix, delimiter: "/") { (page) throws(StorageError) in
      for folder in try page.folders() {
        let name = folder.utf8.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: "/") }
        if !name.isEmpty { folders.insert(String(Substring(name))) }
      }
    }
    return folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func eachPage(
    prefix: String, delimiter: String?, _ body: (S3Listing) throws(StorageError) -> Void
  ) throws(StorageError) {
    let subject = connection.address.name(of: prefix)
    var token: String?
    var seen: Set<String> = []
    var (empty, entries) = (0, 0)
    repeat {
      var query: [S3Signer.Field] = [
        ("list-type", "2"), ("encoding-type", "url"), ("prefix", connection.address.prefix + prefix),
      ]
      if let delimiter { query.append(("delimiter", delimiter)) }
      if let token { query.append(("continuation-token", token)) }
      let answer = try connection.send(
        .init(
          method: "GET", path: connection.address.bucketPath, query: query, maximumLength: Self.longestPage,
          subject: subject))
      let page = try S3Listing(answer.body, prefix: connection.address.prefix, subject: subject)
      try body(page)
      // A server that hands a token out again would keep us here for ever, as would one that never comes to the end.
      empty = page.count == 0 ? empty + 1 : 0
      entries += page.count
      if let next = page.nextToken,
        !seen.insert(next).inserted || empty > Self.emptyPages || entries > Self.longestListing
      {
        throw StorageError(.server, subject, "the listing does not end")
      }
      token = page.nextToken
    } while token != nil
  }

  public func remove(_ key: String) throws(StorageError) {
    do throws(StorageError) {
      _ = try connection.send(
        .init(
          method: "DELETE", path: connection.address.path(of: key), subject: connection.address.name(of: key)))
    } catch {
      if error.code != .missing { throw error }
    }
  }

  /// A URL with which anyone can get the object, without credentials, until it expires.
  /// - Parameter lifetime: seconds, from 1 to 604,800 (seven days).
  public func presignedURL(of key: String, lifetime: Int) throws(StorageError) -> String {
    let signer = S3Signer(try connection.credentials.credentials(), region: connection.settings.region)
    let address = connection.address
    return signer.presignedURL(
      for: .init("GET", host: address.host, path: address.path(of: key)), scheme: address.scheme, lifetime: lifetime,
      at: connection.clock())
  }
}
