internal import CCrypto

/// SHA-256 over bytes that arrive in pieces (OpenSSL's EVP interface, which uses the processor's SHA instructions).
///
/// Not safe for concurrent use: one thread at a time.
public final class SHA256 {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      // EVP_MD_CTX_new fails only when no memory is left, EVP_DigestInit_ex only where libcrypto was built without SHA-256.
      fatalError("libcrypto cannot start a SHA-256 digest")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    _ = EVP_DigestUpdate(context, base, bytes.count)
  }

  public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes(update) }

  /// The same as `update` with `count` zero bytes: what a hole in a file reads as.
  public func updateZeros(_ count: UInt64) {
    var rest = count
    Self.zeros.withUnsafeBytes { zeros in
      while rest > 0 {
        let piece = min(rest, UInt64(zeros.count))
        update(UnsafeRawBufferPointer(rebasing: zeros[..<Int(piece)]))
        rest -= piece
      }
    }
  }

  /// The same, for holes that may be of any length: a gigabyte takes about a second.
  /// - Parameter between: called several times a second; what it throws ends it.
  public func updateZeros<Failure: Error>(
    _ count: UInt64, between: () throws(Failure) -> Void
  ) throws(Failure) {
    var rest = count
    while rest > Self.stretch {
      updateZeros(Self.stretch)
      rest -= Self.stretch
      try between()
    }
    updateZeros(rest)
  }

  private static let stretch: UInt64 = 64 << 20

  private static let zeros = [UInt8](repeating: 0, count: 1 << 16)

  /// The digest of all bytes so far; afterwards this object begins anew.
  public func finish() -> SHA256Digest {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { buffer in
      _ = EVP_DigestFinal_ex(context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
    }
    // Without a type: the same digest again, which libcrypto need not look up.
    _ = EVP_DigestInit_ex(context, nil, nil)
    return SHA256Digest(bigEndian: words)
  }

  public static func digest(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
    let hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  public static func digest(_ bytes: [UInt8]) -> SHA256Digest { bytes.withUnsafeBytes(digest) }
}
