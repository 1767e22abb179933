internal import Glibc

/// Looks for secrets in files that are being read, at the speed of reading them.
///
/// A file comes whole (`scan`), or in pieces of any size (`begin`, `take`, `skip`, `finish`). Of each kind the first finding of a
/// file is told. Memory is bounded: 300 KiB for a scanner, whatever the files. One thread at a time.
public final class SecretScanner {
  private var windows = ScanWindows()
  private var name: [UInt8] = []
  /// The file's first two bytes, until there are two.
  private var mark: [UInt8] = []
  private var isBegun = false
  private var wide: UTF16Text?
  private var search = FileSearch()

  public init() {}

  /// Looks at a whole file.
  /// - Parameter name: its name, without folders.
  public func scan(_ content: UnsafeRawBufferPointer, name: some Collection<UInt8>) -> [SecretFinding] {
    if content.count >= 2, UTF16Text((content[0], content[1])) != nil {
      begin(name: name)
      take(content)
      return finish()
    }
    search.begin()
    search.search(
      ScanWindow(bytes: content, offset: 0, anchors: 0..<content.count, isLast: true), lines: 0, name: name)
    return search.found
  }

  /// Begins a file that comes in pieces, and forgets the one before.
  public func begin(name: some Collection<UInt8>) {
    self.name = Array(name)
    mark = []
    isBegun = false
    wide = nil
    windows.removeAll()
    search.begin()
  }

  /// Takes the file's next bytes.
  public func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !isBegun, let byte = rest.popFirst() {
      mark.append(byte)
      if mark.count == 2 { settle() }
    }
    append(UnsafeRawBufferPointer(rebasing: rest))
  }

  /// Passes over a hole of the file: zeros that need not be looked at.
  /// - Parameter count: bytes.
  public func skip(_ count: UInt64) {
    guard count > 0 else { return }
    if !isBegun { settle() }
    // Two zeros are one unit of UTF-16; half a unit before a hole is no text.
    let length = wide == nil ? count : count / 2
    look(isLast: true)
    windows.skip(length)
  }

  /// Ends the file.
  /// - Returns: what was found in it, by offset.
  public func finish() -> [SecretFinding] {
    if !isBegun { settle() }
    look(isLast: true)
    guard wide != nil else { return search.found }
    return search.found.map { SecretFinding($0.kind, offset: $0.offset * 2, line: $0.line) }
  }

  /// Decides how the file is read, by its first two bytes where it has them.
  private func settle() {
    isBegun = true
    if mark.count == 2 { wide = UTF16Text((mark[0], mark[1])) }
    mark.withUnsafeBytes { append($0) }
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    if wide != nil {
      var narrow: [UInt8] = []
      narrow.reserveCapacity(bytes.count / 2 + 1)
      wide?.narrow(bytes) { narrow.append($0) }
      narrow.withUnsafeBytes { fill($0) }
    } else {
      fill(bytes)
    }
  }

  private func fill(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      let count = windows.fill(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if windows.isFull { look(isLast: false) }
    }
  }

  private func look(isLast: Bool) {
    search.search(windows.window(isLast: isLast), lines: windows.lines, name: name)
    windows.advance()
  }
}
