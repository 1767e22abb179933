internal import CCrypto

/// HMAC-SHA-256 (RFC 2104), which AWS Signature Version 4 derives its keys with.
public func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
    var length: UInt32 = 32
    _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, &length)
    count = Int(length)
  }
}

/// MD5 (RFC 1321), for the Content-MD5 header alone: it guards against accidents in transit, not against anyone.
public func md5(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
    var length: UInt32 = 16
    _ = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, &length, EVP_md5(), nil)
    count = Int(length)
  }
}

public func md5(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { md5($0) } }

/// Base64 with padding (RFC 4648, section 4).
public enum Base64 {
  public static func encode(_ bytes: [UInt8]) -> String {
    let encoded = [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { buffer, count in
      count = Int(EVP_EncodeBlock(buffer.baseAddress, bytes, Int32(bytes.count)))
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// - Returns: nil for anything but whole, padded groups of four characters.
  public static func decode(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    if characters.isEmpty { return [] }
    let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2, !characters.dropLast(padding).contains(UInt8(ascii: "=")) else { return nil }
    var failed = false
    var bytes = [UInt8](unsafeUninitializedCapacity: characters.count / 4 * 3) { buffer, count in
      let length = EVP_DecodeBlock(buffer.baseAddress, characters, Int32(characters.count))
      failed = length < 0
      count = failed ? 0 : Int(length)
    }
    guard !failed else { return nil }
    bytes.removeLast(padding)
    return bytes
  }
}
