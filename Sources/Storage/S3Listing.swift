/// One page of a listing (`ListBucketResult` of ListObjectsV2).
struct S3Listing {
  private let root: XMLElement
  private let prefix: String
  private let subject: String
  private let isEncoded: Bool
  /// What to ask the next page with; nil on the last one.
  let nextToken: String?

  /// - Parameter prefix: the destination's, which is taken off each key.
  init(_ body: [UInt8], prefix: String, subject: String) throws(StorageError) {
    self.prefix = prefix
    self.subject = subject
    do throws(XMLError) {
      root = try XMLParser.parse(body)
    } catch {
      throw StorageError(.server, subject, "the listing is not what S3 answers: \(error.reason)", isTransient: true)
    }
    guard root.name == "ListBucketResult" else {
      throw StorageError(.server, subject, "the listing is not what S3 answers: its root is <\(root.name)>")
    }
    // A server that does not know encoding-type does not repeat it.
    isEncoded = root["EncodingType"] == "url"
    nextToken = root["IsTruncated"] == "true" ? root["NextContinuationToken"] : nil
    if root["IsTruncated"] == "true", nextToken?.isEmpty ?? true {
      throw StorageError(.server, subject, "the listing is cut off and does not say how to go on")
    }
  }

  /// Objects and folders on it.
  var count: Int { root.children.count { $0.name == "Contents" || $0.name == "CommonPrefixes" } }

  func objects() throws(StorageError) -> [ObjectSummary] {
    var objects: [ObjectSummary] = []
    for entry in root.all("Contents") {
      guard let size = entry["Size"].flatMap({ UInt64($0) }) else { throw malformed }
      objects.append(ObjectSummary(key: try key(entry["Key"]), size: size))
    }
    return objects
  }

  func folders() throws(StorageError) -> [String] {
    var folders: [String] = []
    for entry in root.all("CommonPrefixes") { folders.append(try key(entry["Prefix"])) }
    return folders
  }

  private func key(_ text: String?) throws(StorageError) -> String {
    guard let text, let key = isEncoded ? URIEncoding.decode(text) : text, key.utf8.starts(with: prefix.utf8)
    else { throw malformed }
    // By bytes: a combining character after the prefix's slash would be one character with it.
    return String(Substring(key.utf8.dropFirst(prefix.utf8.count)))
  }

  private var malformed: StorageError {
    StorageError(.server, subject, "the listing has an entry that is not below the prefix or has no size")
  }
}
