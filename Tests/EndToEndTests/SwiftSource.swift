internal import Files
internal import Glibc

/// The project's own files, for tests that hold them to its rules.
enum Project {
  /// The folder of Package.swift.
  static let root = Paths.parent(Paths.parent(Paths.parent(#filePath)))

  static func text(_ path: String) throws -> String {
    String(decoding: try FileContent.read("\(root)/\(path)"), as: UTF8.self)
  }

  /// The names in a folder, sorted; empty where there is no such folder.
  static func names(in folder: String) -> [String] {
    guard let stream = opendir("\(root)/\(folder)") else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Every Swift file below a folder.
  static func swiftFiles(in folder: String) -> [String] {
    names(in: folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      return name.hasSuffix(".swift") ? [path] : swiftFiles(in: path)
    }
  }
}

/// A Swift file with comments and the text of string literals blanked out, line by line.
struct SwiftSource {
  let path: String
  /// As written.
  let lines: [String]
  /// Code alone; as many lines as `lines`.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var blanker = LiteralBlanker(Array(text.utf8))
    code = blanker.blanked().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  init(path: String) throws { self.init(path: path, text: try Project.text(path)) }

  /// The modules that this file imports.
  var imports: [String] {
    code.compactMap { line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
        words[..<position].allSatisfy({ ["internal", "public", "package", "private", "@testable"].contains($0) })
      else { return nil }
      return String(words[position + 1].split(separator: ".")[0])
    }
  }

  /// Whether a line, or the one above it, has a comment.
  func isExplained(_ line: Int) -> Bool {
    lines[max(0, line - 1)...line].contains { $0.contains("//") }
  }
}

/// Goes through Swift's bytes and keeps code only. Code inside `\( )` of a literal is kept.
private struct LiteralBlanker {
  private let bytes: [UInt8]
  private var position = 0
  private var output: [UInt8] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func blanked() -> String {
    readCode(untilParenthesis: false)
    return String(decoding: output, as: UTF8.self)
  }

  private func follows(_ text: String) -> Bool {
    var next = position
    for byte in text.utf8 {
      guard next < bytes.count, bytes[next] == byte else { return false }
      next += 1
    }
    return true
  }

  private mutating func keep() {
    output.append(bytes[position])
    position += 1
  }

  private mutating func skip(_ count: Int) {
    for byte in bytes[position..<min(position + count, bytes.count)] where byte == UInt8(ascii: "\n") {
      output.append(byte)
    }
    position = min(position + count, bytes.count)
  }

  private mutating func readCode(untilParenthesis: Bool) {
    var depth = 0
    while position < bytes.count {
      if follows("//") {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      } else if follows("/*") {
        skipBlockComment()
      } else if let hashes = literalStart() {
        readLiteral(hashes: hashes)
      } else {
        if follows("(") { depth += 1 }
        if follows(")") {
          if depth == 0, untilParenthesis { return }
          depth -= 1
        }
        keep()
      }
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if follows("/*") {
        depth += 1
        skip(2)
      } else if follows("*/") {
        depth -= 1
        skip(2)
      } else {
        skip(1)
      }
    } while depth > 0 && position < bytes.count
  }

  /// The number of `#` before a literal that begins here; nil where none does.
  private func literalStart() -> Int? {
    var end = position
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - position : nil
  }

  private mutating func readLiteral(hashes: Int) {
    let hash = String(repeating: "#", count: hashes)
    let quotes = bytes[(position + hashes)...].starts(with: "\"\"\"".utf8) ? "\"\"\"" : "\""
    skip(hashes + quotes.utf8.count)
    output += Array("\"\"".utf8)
    while position < bytes.count, !follows(quotes + hash) {
      if follows("\\\(hash)(") {
        skip(2 + hashes)
        output.append(UInt8(ascii: " "))
        readCode(untilParenthesis: true)
        skip(1)
        output.append(UInt8(ascii: " "))
      } else {
        skip(follows("\\\(hash)") ? 2 + hashes : 1)
      }
    }
    skip(quotes.utf8.count + hashes)
  }
}
