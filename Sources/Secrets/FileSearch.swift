/// The searches of one file, window by window.
struct FileSearch {
  private(set) var found: [SecretFinding] = []
  private var mnemonics = MnemonicSearch()
  private var wallets = WalletSearch()
  private let tokens = TokenSearch()
  private let pem = PEMSearch()
  private let filter = WordList.shared.filter
  /// Room for the places at a window's ends, with zeros about them.
  private var margin = [UInt8](repeating: 0, count: 8 + 2 * SampleFilter.stride + 8)

  mutating func begin() { found.removeAll() }

  /// - Parameter lines: line ends before the window.
  mutating func search(_ window: ScanWindow, lines: Int, name: some Collection<UInt8>) {
    if window.offset == 0, window.anchors.lowerBound == 0 {
      wallets.begin(window)
      if window.isLast, SeedFile.isSeed(window.bytes, name: name) { note(.keySeed, 0, window, lines) }
    }
    if !has(.wallet), let place = wallets.search(window) { note(.wallet, place, window, lines) }
    if !has(.privateKey), let place = pem.search(window) { note(.privateKey, place, window, lines) }
    sample(window, lines)
  }

  private func has(_ kind: SecretKind) -> Bool { found.contains { $0.kind == kind } }

  private mutating func note(_ kind: SecretKind, _ place: Int, _ window: ScanWindow, _ lines: Int) {
    guard !has(kind) else { return }
    let before = UnsafeRawBufferPointer(rebasing: window.bytes[..<max(0, min(place, window.bytes.count))])
    found.append(
      SecretFinding(kind, offset: window.offset &+ UInt64(bitPattern: Int64(place)), line: 1 + lines + lineEnds(before))
    )
    found.sort { $0.offset < $1.offset }
  }

  private mutating func sample(_ window: ScanWindow, _ lines: Int) {
    var place = window.anchors.lowerBound
    // Up to where words and tokens have been looked at.
    var words = 0
    var token = 0
    let inner = window.bytes.count - SampleFilter.stride - 8
    while place < window.anchors.upperBound {
      if place > 0, place <= inner {
        place = filter.withUnsafeBufferPointer {
          Self.suspicion(window.bytes, place, before: min(inner + 1, window.anchors.upperBound), $0)
        }
        guard place <= inner, place < window.anchors.upperBound else { continue }
      }
      let answer = look(window, place)
      if answer.words, place >= words, !has(.seedPhrase) {
        let result = mnemonics.search(window, at: place, notBefore: words)
        words = result.end
        if let start = result.start { note(.seedPhrase, start, window, lines) }
      }
      if answer.token, place >= token {
        let result = tokens.search(window, at: place)
        token = result.end
        if let kind = result.kind { note(kind, result.start, window, lines) }
      }
      place += SampleFilter.stride
    }
  }

  /// The first place from `place` on, by strides, at which there may be something; the first one not below `end` otherwise.
  @inline(__always)
  private static func suspicion(
    _ bytes: UnsafeRawBufferPointer, _ place: Int, before end: Int, _ filter: UnsafeBufferPointer<UInt64>
  ) -> Int {
    guard let base = bytes.baseAddress, let filter = filter.baseAddress else { return end }
    var place = place
    while place < end {
      let answer = SampleFilter.look(base + place, filter)
      if answer.words || answer.token { break }
      place += SampleFilter.stride
    }
    return place
  }

  /// One place, also where less than 40 bytes follow it or none comes before it.
  private mutating func look(_ window: ScanWindow, _ place: Int) -> SampleFilter.Answer {
    let start = max(0, place - 1)
    let end = min(window.bytes.count, place + SampleFilter.stride + 8)
    return margin.withUnsafeMutableBytes { margin in
      margin.initializeMemory(as: UInt8.self, repeating: 0)
      let piece = UnsafeRawBufferPointer(rebasing: window.bytes[start..<end])
      UnsafeMutableRawBufferPointer(rebasing: margin[(8 - (place - start))...]).copyMemory(from: piece)
      return filter.withUnsafeBufferPointer { filter in
        guard let base = margin.baseAddress, let filter = filter.baseAddress else {
          return SampleFilter.Answer(words: true, token: true)
        }
        return SampleFilter.look(UnsafeRawPointer(base + 8), filter)
      }
    }
  }
}
