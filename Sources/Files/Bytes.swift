internal import Glibc

/// Bytes that do not change: an array, or the content of a memory file, which is kept for as long as they are.
public struct Bytes: Sendable, Equatable {
  private enum Storage: Sendable {
    case array([UInt8])
    case file(MemoryFile)
  }
  private let storage: Storage

  public init(_ array: [UInt8]) { storage = .array(array) }

  /// - Parameter file: complete; nobody changes it any more.
  public init(_ file: MemoryFile) { storage = .file(file) }

  public var count: Int {
    switch storage {
    case .array(let array): array.count
    case .file(let file): file.count
    }
  }

  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .array(let array): return try array.withRawBytes(body)
    case .file(let file):
      return try withExtendedLifetime(file) { () throws(Failure) in try body(file.bytes) }
    }
  }

  /// A copy, where they are not an array already.
  public var array: [UInt8] {
    switch storage {
    case .array(let array): array
    case .file(let file): file.array
    }
  }

  public static func == (one: Bytes, other: Bytes) -> Bool {
    one.withUnsafeBytes { one in
      other.withUnsafeBytes { other in
        guard one.count == other.count, let first = one.baseAddress, let second = other.baseAddress else {
          return one.count == other.count
        }
        return memcmp(first, second, one.count) == 0
      }
    }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` that says what it throws.
  public func withRawBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
  }
}
