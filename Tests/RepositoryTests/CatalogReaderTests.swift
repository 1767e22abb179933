import Digests
import Files
import JSON
import Repository
import Testing

/// The reader of catalog lines against Foundation's decoder: the same record, or refused.
@Suite struct CatalogReaderTests {
  private static let time = Timestamp(seconds: 1_790_000_000)

  private static func line(_ event: CatalogEvent) throws -> [UInt8] {
    var chain = CatalogChain()
    return try chain.append(event, at: time).line
  }

  /// A line as our reader reads it, as the first of a catalog.
  private static func read(_ line: [UInt8]) throws -> Witness {
    var chain = CatalogChain()
    return Witness(try #require(try chain.read(line + [10], subject: "catalog").first).record)
  }

  @Test func samplesHaveEveryFieldAndType() {
    for event in RecordSamples.all {
      guard let fields = Mirror(reflecting: event).children.first?.value else { continue }
      for (name, value) in Mirror(reflecting: fields).children {
        let mirror = Mirror(reflecting: value)
        #expect(
          mirror.displayStyle != .optional || !mirror.children.isEmpty,
          "\(event.type) has no \(name ?? ""): fill it in, or nothing compares it")
      }
    }
    #expect(Set(RecordSamples.all.map(\.type)).count == RecordSamples.all.count)
  }

  @Test(arguments: RecordSamples.all) func everyTypeIsReadAsItWasWritten(_ event: CatalogEvent) throws {
    let line = try Self.line(event)
    let read = try Self.read(line)
    #expect(read.event == event, "does QuickRecord read every field of \(event.type)?")
    #expect(read == (try Witness(line)))
  }

  @Test(arguments: RecordSamples.all) func orderSpaceAndEscapesAreTheWritersBusiness(_ event: CatalogEvent) throws {
    let line = try Self.line(event)
    let expected = try Self.read(line)
    var random = Random(seed: UInt64(line.count))
    for _ in 0..<50 {
      let other = Array(Variation.text(line, &random).utf8)
      #expect(try Self.read(other) == expected, "\(String(decoding: other, as: UTF8.self))")
      #expect(try Witness(other) == expected)
    }
  }

  /// What is refused may be more than Foundation refuses; what is taken is taken alike.
  @Test(arguments: RecordSamples.all) func whatIsReadFromDamagedLinesIsTheSame(_ event: CatalogEvent) throws {
    let line = try Self.line(event)
    var random = Random(seed: UInt64(line.count))
    var taken = 0
    for _ in 0..<2000 {
      let damaged = Variation.damage(line, &random)
      guard !damaged.contains(10), let ours = try? Self.read(damaged) else { continue }
      taken += 1
      #expect(ours == (try? Witness(damaged)), "\(String(decoding: damaged, as: UTF8.self))")
    }
    #expect(taken > 20, "damage in texts leaves records")
  }

  private static let common = #""v":1,"seq":1,"prev":"\#(SHA256Digest.zero.hex)","time":"2026-11-21T02:00:00Z""#
  private static let unchanged = #""type":"unchanged","set":"data","snapshot":"20261121T020000Z-7f3a""#

  @Test(arguments: [
    "", " ", "{}", "[]", "null", "1", "{", "{]", "{\(common)", "{\(common),}", "{\(common),\(unchanged),}",
    "{\(common),\(unchanged)}x", "{\(common),\(unchanged)}{}", "{\(common) \(unchanged)}", "{\(common)}",
    "{\(common),\(unchanged),\"x\":}", "{\(common),\(unchanged),\"x\":tru}", "{\(common),\(unchanged),x:1}",
    "{\(common),\(unchanged),\"x\":'a'}", "{\(common),\(unchanged),\"x\":\"\\x\"}",
    "{\(common),\(unchanged),\"x\":\"\\ud800\"}", "{\(common),\(unchanged),\"x\":\"\\udc00\"}",
    "{\(common),\(unchanged),\"x\":\"\\u12g4\"}", "{\(common),\(unchanged),\"x\":\"\u{1}\"}",
    "{\(common),\(unchanged),\"x\":[1,]}", "{\(common),\(unchanged),\"x\":[1 2]}", "{\(common),\(unchanged),\"x\":[}",
    "{\(common),\"type\":\"unchanged\",\"set\":\"data\"}",
    "{\(common),\"type\":\"unchanged\",\"set\":1,\"snapshot\":\"\"}",
    "{\(common),\"type\":\"unchanged\",\"set\":null,\"snapshot\":\"\"}", "{\(common),\"type\":1}",
    "{\(common.replacing("\"v\":1", with: "\"v\":2")),\(unchanged)}",
    "{\(common.replacing("\"v\":1", with: "\"v\":\"1\"")),\(unchanged)}",
    "{\(common.replacing("\"seq\":1", with: "\"seq\":1.5")),\(unchanged)}",
    "{\(common.replacing("\"seq\":1", with: "\"seq\":9223372036854775808")),\(unchanged)}",
    "{\(common.replacing("02:00:00Z", with: "24:00:00Z")),\(unchanged)}",
    "{\(common.replacing("11-21", with: "02-30")),\(unchanged)}",
    "{\(common.replacing("11-21", with: "00-21")),\(unchanged)}",
    "{\(common.replacing("0000", with: "000")),\(unchanged)}",
    String(repeating: "[", count: 100_000), "{\(common),\(unchanged),\"x\":" + String(repeating: "[", count: 100_000),
  ])
  func whatIsNoRecordIsRefused(_ text: String) {
    #expect(throws: CatalogError.self) { try Self.read(Array(text.utf8)) }
  }

  /// What Foundation lets pass, although readers of other kinds would each see something else in it.
  @Test(arguments: [
    "{\(common),\(unchanged),\"set\":\"other\"}", "{\(common),\(unchanged),\"s\\u0065t\":\"other\"}",
    "{\(common),\(unchanged),\"x\":{\"a\":1,\"a\":1}}", "{\(common),\(unchanged),\"x\":01}",
    "{\(common),\(unchanged),\"x\":1.}", "{\(common),\(unchanged),\"x\":-}", "{\(common),\(unchanged),\"x\":1e}",
    "\u{FEFF}{\(common),\(unchanged)}",
  ])
  func whatIsAmbiguousIsRefused(_ text: String) {
    #expect(throws: CatalogError.self) { try Self.read(Array(text.utf8)) }
  }

  @Test func bytesThatAreNotUTF8AreRefusedWhereverTheyStand() throws {
    for text in ["{\(Self.common),\(Self.unchanged),\"x\":\"ÿ\"}", "{\(Self.common),\(Self.unchanged),\"ÿ\":1}"] {
      var bytes = Array(text.utf8)
      #expect(try Self.read(bytes).sequence == 1)
      bytes.remove(at: try #require(bytes.firstIndex(of: 0xC3)))
      #expect(throws: CatalogError.self) { try Self.read(bytes) }
    }
  }

  @Test(arguments: [
    "0", "-0", "1", "-1", "1.0", "1e3", "1E+3", "10e-1", "9223372036854775807", "-9223372036854775808", "0.1", "1e400",
    "18446744073709551615", "18446744073709551616", "123456789012345678", "0.30000000000000004", "5e-324", "1e23",
    "9007199254740993", "2.2250738585072011e-308", "179769313486231570000e289", "1.5",
  ])
  func numbersAreThoseOfFoundation(_ number: String) throws {
    let run = #"{\#(Self.common),"type":"verification","host":"h","set":"s","snapshot":"x","destination":"d","#
    let tail = #","level":"intact","result":"sound","findings":[],"finding-count":0}"#
    for fields in [
      "\"objects\":1,\"bytes\":1,\"seconds\":\(number)", "\"objects\":\(number),\"bytes\":1,\"seconds\":1",
      "\"objects\":1,\"bytes\":\(number),\"seconds\":1",
    ] {
      let line = Array((run + fields + tail).utf8)
      #expect((try? Self.read(line)) == (try? Witness(line)), "\(fields)")
    }
  }

  @Test func membersAreHandedOutInOrder() throws {
    let text = Array(#" {"b":[1,-2.5,"x\u00e9",null,{}],"a":{"t":true,"f":false},"n":12345678901234567890} "#.utf8)
    let reader = JSONReader()
    let members = try text.withUnsafeBytes { try reader.read($0).members }
    #expect(
      members == [
        .init("b", .array([1, -2.5, "xé", .null, .object([])])),
        .init("a", .object([.init("t", .boolean(true)), .init("f", .boolean(false))])),
        .init("n", .real(12345678901234567168)),
      ])
  }
}
