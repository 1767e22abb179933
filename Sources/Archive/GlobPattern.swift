/// One pattern of gitignore(5), compiled for matching bytes in time proportional to pattern times path, whatever the
/// pattern.
struct GlobPattern: Sendable, Equatable {
  enum Token: Sendable, Equatable {
    case byte(UInt8)
    /// One byte but a slash, out of 256 bits.
    case oneOf([UInt64])
    case anyInName
    /// `*`: any bytes but slashes.
    case star
    /// `**/`: any number of whole directories, none included.
    case directories
    /// `**` at the end, after a slash: any bytes, one at least.
    case everything
  }

  let isNegated: Bool
  let directoriesOnly: Bool
  let isAnchored: Bool
  private let tokens: [Token]
  /// Set where every token is a byte.
  private let literal: [UInt8]?

  init(_ pattern: [UInt8], shownAs shown: String) throws(ArchiveError) {
    let slash = UInt8(ascii: "/")
    var rest = pattern[...]
    isNegated = rest.first == UInt8(ascii: "!")
    if isNegated { rest.removeFirst() }
    directoriesOnly = rest.last == slash
    if directoriesOnly { rest.removeLast() }
    isAnchored = rest.contains(slash)
    if rest.first == slash { rest.removeFirst() }
    guard !rest.isEmpty else {
      throw ArchiveError(.invalidPattern, shown, "an exclude pattern that matches nothing", hint: "remove it")
    }
    tokens = try Self.tokens(rest, shown)
    var literal: [UInt8]? = []
    for token in tokens {
      if case .byte(let byte) = token { literal?.append(byte) } else { literal = nil }
    }
    self.literal = literal
  }

  private static func tokens(_ pattern: ArraySlice<UInt8>, _ shown: String) throws(ArchiveError) -> [Token] {
    let slash = UInt8(ascii: "/")
    var tokens: [Token] = []
    var rest = pattern
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "?"): tokens.append(.anyInName)
      case UInt8(ascii: "["):
        guard let set = ByteClass.parse(&rest) else {
          throw ArchiveError(
            .invalidPattern, shown, "a bracket that is not closed", hint: "write \\[ for a literal bracket")
        }
        tokens.append(.oneOf(set))
      case UInt8(ascii: "\\"):
        guard let literal = rest.popFirst() else {
          throw ArchiveError(
            .invalidPattern, shown, "a backslash at the end", hint: "write \\\\ for a literal backslash")
        }
        tokens.append(.byte(literal))
      case UInt8(ascii: "*"):
        let startsComponent =
          tokens.isEmpty
          ? rest.startIndex - 1 == pattern.startIndex : tokens.last == .byte(slash) || tokens.last == .directories
        var stars = 1
        while rest.first == byte {
          rest.removeFirst()
          stars += 1
        }
        if stars == 2, startsComponent, rest.first == slash {
          rest.removeFirst()
          tokens.append(.directories)
        } else if stars == 2, rest.isEmpty, tokens.last == .byte(slash) {
          tokens.append(.everything)
        } else if tokens.last != .star {
          tokens.append(.star)
        }
      default: tokens.append(.byte(byte))
      }
    }
    return tokens
  }

  func matches(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    if let literal { return literal.count == path.count && literal.elementsEqual(path) }
    // A nondeterministic automaton: state n has matched the first n tokens; a `directories` token has a second state,
    // inside a directory's name, at n + count.
    let count = tokens.count + 1
    return withUnsafeTemporaryAllocation(of: Bool.self, capacity: count * 4) { memory in
      memory.initialize(repeating: false)
      var now = UnsafeMutableBufferPointer(rebasing: memory[..<(count * 2)])
      var then = UnsafeMutableBufferPointer(rebasing: memory[(count * 2)...])
      enter(0, now)
      for byte in path {
        then.update(repeating: false)
        var alive = false
        for state in 0..<(count - 1) {
          if now[state] {
            step(state, byte, then)
            alive = true
          }
          if now[state + count] {
            insideDirectory(state, byte, then)
            alive = true
          }
        }
        if !alive { return false }
        swap(&now, &then)
      }
      return now[count - 1]
    }
  }

  /// Makes a state current, and those reached from it without a byte.
  private func enter(_ state: Int, _ states: UnsafeMutableBufferPointer<Bool>) {
    var state = state
    while true {
      states[state] = true
      guard state < tokens.count else { return }
      switch tokens[state] {
      case .star, .directories: state += 1
      default: return
      }
    }
  }

  private func step(_ state: Int, _ byte: UInt8, _ next: UnsafeMutableBufferPointer<Bool>) {
    let isSlash = byte == UInt8(ascii: "/")
    switch tokens[state] {
    case .byte(let expected): if byte == expected { enter(state + 1, next) }
    case .anyInName: if !isSlash { enter(state + 1, next) }
    case .oneOf(let set): if !isSlash, set[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 { enter(state + 1, next) }
    case .star: if !isSlash { enter(state, next) }
    case .everything:
      next[state] = true
      enter(state + 1, next)
    case .directories: insideDirectory(state, byte, next)
    }
  }

  private func insideDirectory(_ state: Int, _ byte: UInt8, _ next: UnsafeMutableBufferPointer<Bool>) {
    next[state + tokens.count + 1] = true
    if byte == UInt8(ascii: "/") { enter(state + 1, next) }
  }
}
