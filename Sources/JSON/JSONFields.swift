/// The members of an object that `JSONReader` has read. Good until the reader reads again, and as long as its text is.
///
/// Every function that returns a value throws where the member is missing, null, or of another type; the optional ones
/// give nil where it is missing or null. Members that nobody asks for are passed over.
public struct JSONFields {
  let text: UnsafePointer<UInt8>
  let tokens: UnsafePointer<JSONToken>
  /// The object's index.
  let object: Int

  // MARK: Text

  public func string(_ name: StaticString) throws(JSONError) -> String {
    guard let string = stringValue(try token(name)) else { throw wrong(name, "a string") }
    return string
  }

  public func optionalString(_ name: StaticString) throws(JSONError) -> String? {
    guard let token = present(name) else { return nil }
    guard let string = stringValue(token) else { throw wrong(name, "a string") }
    return string
  }

  public func strings(_ name: StaticString) throws(JSONError) -> [String] {
    guard let strings = try optionalStrings(name) else { throw missing(name) }
    return strings
  }

  public func optionalStrings(_ name: StaticString) throws(JSONError) -> [String]? {
    guard let array = present(name) else { return nil }
    return try elements(array, name) { (token) throws(JSONError) in
      guard let string = stringValue(token) else { throw wrong(name, "an array of strings") }
      return string
    }
  }

  /// The bytes between a string's quotes, for what is read faster than by way of `String`.
  /// - Returns: nil where it has escapes: `string` resolves them.
  public func bytes(_ name: StaticString) throws(JSONError) -> UnsafeBufferPointer<UInt8>? {
    let token = try token(name)
    switch tokens[token].kind {
    case .string: return content(token)
    case .escapedString: return nil
    default: throw wrong(name, "a string")
    }
  }

  /// One of an enumeration's raw values.
  public func choice<Value: RawRepresentable<String>>(
    _ name: StaticString, _: Value.Type = Value.self
  ) throws(JSONError) -> Value {
    let text = try string(name)
    guard let value = Value(rawValue: text) else { throw JSONError("\(name)", "is '\(text)', which is not known") }
    return value
  }

  // MARK: Numbers

  public func boolean(_ name: StaticString) throws(JSONError) -> Bool {
    switch tokens[try token(name)].kind {
    case .yes: return true
    case .no: return false
    default: throw wrong(name, "true or false")
    }
  }

  /// A whole number; `1.0` and `1e3` are some too.
  public func integer(_ name: StaticString) throws(JSONError) -> Int {
    let token = try token(name)
    guard let value = JSONNumber.integer(content(token), tokens[token].kind, Int.self) else {
      throw wrong(name, "a whole number that fits")
    }
    return value
  }

  public func unsigned(_ name: StaticString) throws(JSONError) -> UInt64 {
    let token = try token(name)
    guard let value = JSONNumber.integer(content(token), tokens[token].kind, UInt64.self) else {
      throw wrong(name, "a whole number that is not negative and fits")
    }
    return value
  }

  public func number(_ name: StaticString) throws(JSONError) -> Double {
    let token = try token(name)
    guard let value = JSONNumber.double(content(token), tokens[token].kind) else {
      throw wrong(name, "a number that fits")
    }
    return value
  }

  // MARK: Objects

  public func fields(_ name: StaticString) throws(JSONError) -> JSONFields {
    let token = try token(name)
    guard tokens[token].kind == .object else { throw wrong(name, "an object") }
    return JSONFields(text: text, tokens: tokens, object: token)
  }

  /// What `body` makes of each object of an array.
  public func objects<Value>(
    _ name: StaticString, _ body: (JSONFields) throws(JSONError) -> Value
  ) throws(JSONError) -> [Value] {
    try elements(try token(name), name) { (token) throws(JSONError) in
      guard tokens[token].kind == .object else { throw wrong(name, "an array of objects") }
      return try body(JSONFields(text: text, tokens: tokens, object: token))
    }
  }

  /// Every member by name, in the text's order.
  public var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var next = object + 1
    while next < Int(tokens[object].next) {
      members.append(JSONValue.Member(stringValue(next) ?? "", value(next + 1)))
      next = Int(tokens[next + 1].next)
    }
    return members
  }

  // MARK: Tokens

  /// The first name that stands there twice.
  var repeatedName: String? {
    let end = Int(tokens[object].next)
    var count = 0
    var next = object + 1
    while next < end {
      var other = Int(tokens[next + 1].next)
      while other < end {
        if isSame(next, other) { return stringValue(next) }
        other = Int(tokens[other + 1].next)
      }
      next = Int(tokens[next + 1].next)
      count += 1
      // With so many, comparing each with each takes too long.
      if count == 64 { return repeatedName(from: next) }
    }
    return nil
  }

  private func repeatedName(from first: Int) -> String? {
    var seen: Set<String> = []
    var next = first
    while next < Int(tokens[object].next) {
      if let name = stringValue(next), !seen.insert(name).inserted { return name }
      next = Int(tokens[next + 1].next)
    }
    return nil
  }

  private func isSame(_ one: Int, _ other: Int) -> Bool {
    if tokens[one].kind == .string, tokens[other].kind == .string {
      let (a, b) = (content(one), content(other))
      return a.count == b.count && a.elementsEqual(b)
    }
    return stringValue(one) == stringValue(other)
  }

  private func present(_ name: StaticString) -> Int? {
    guard let token = find(name), tokens[token].kind != .null else { return nil }
    return token
  }

  private func token(_ name: StaticString) throws(JSONError) -> Int {
    guard let token = find(name) else { throw missing(name) }
    return token
  }

  /// The value's token.
  private func find(_ name: StaticString) -> Int? {
    let length = name.utf8CodeUnitCount
    let wanted = name.utf8Start
    var next = object + 1
    let end = Int(tokens[object].next)
    while next < end {
      let token = tokens[next]
      if token.kind == .string {
        if Int(token.end &- token.start) == length {
          let start = text + Int(token.start)
          var position = 0
          while position < length, start[position] == wanted[position] { position &+= 1 }
          if position == length { return next + 1 }
        }
      } else if stringValue(next) == name.description {
        return next + 1
      }
      next = Int(tokens[next + 1].next)
    }
    return nil
  }

  private func elements<Value>(
    _ array: Int, _ name: StaticString, _ body: (Int) throws(JSONError) -> Value
  ) throws(JSONError) -> [Value] {
    guard tokens[array].kind == .array else { throw wrong(name, "an array") }
    var values: [Value] = []
    var next = array + 1
    while next < Int(tokens[array].next) {
      values.append(try body(next))
      next = Int(tokens[next].next)
    }
    return values
  }

  private func content(_ token: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: text + Int(tokens[token].start), count: Int(tokens[token].end &- tokens[token].start))
  }

  private func stringValue(_ token: Int) -> String? {
    switch tokens[token].kind {
    case .string: String(decoding: content(token), as: UTF8.self)
    case .escapedString: JSONEscape.resolve(content(token))
    default: nil
    }
  }

  private func value(_ token: Int) -> JSONValue {
    switch tokens[token].kind {
    case .object: return .object(JSONFields(text: text, tokens: tokens, object: token).members)
    case .array:
      var values: [JSONValue] = []
      var next = token + 1
      while next < Int(tokens[token].next) {
        values.append(value(next))
        next = Int(tokens[next].next)
      }
      return .array(values)
    case .string, .escapedString: return .string(stringValue(token) ?? "")
    case .integer:
      if let value = JSONNumber.integer(content(token), .integer, Int64.self) { return .integer(value) }
      return JSONValue(JSONNumber.double(content(token), .integer) ?? .nan)
    case .real: return JSONValue(JSONNumber.double(content(token), .real) ?? .nan)
    case .yes: return .boolean(true)
    case .no: return .boolean(false)
    case .null: return .null
    }
  }

  private func missing(_ name: StaticString) -> JSONError { JSONError("\(name)", "is missing") }
  private func wrong(_ name: StaticString, _ expected: String) -> JSONError {
    JSONError("\(name)", "is not \(expected)")
  }
}
