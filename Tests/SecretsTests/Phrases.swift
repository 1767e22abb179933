import Digests
import Secrets

/// Mnemonics and keys for tests, made by other code than that which finds them.
enum Phrases {
  /// From the vectors of https://github.com/trezor/python-mnemonic, and of BIP-39.
  static let vectors = [
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "scheme spot photo card baby mountain device kick cradle pact join borrow",
    "cat swing flag economy stadium alone churn speed unique patch report train",
    "vessel ladder alter error federal sibling chat ability sun glass valve picture",
    "gravity machine north sort system female filter attitude volume fold club stay feature office ecology stable narrow fog",
    "horn tenant knee talent sponsor spell gate clip pulse soap slush warm silver nephew swap uncle crack brave",
    "light rule cinnamon wrap drastic word pride squirrel upgrade then income fatal apart sustain crack supply proud access",
    "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
    "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed nation flash devote level hobby quick inner drive ghost inside",
    "all hour make first leader extend hole alien behind guard gospel lava path output census museum junior mass reopen famous sing advance salt reform",
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
  ]

  static func words(_ phrase: String) -> [String] { phrase.split(separator: " ").map(String.init) }

  /// The mnemonic of some entropy: 16, 20, 24, 28 or 32 bytes.
  static func phrase(_ entropy: [UInt8], list: [String]) -> [String] {
    let digest = SHA256.digest(entropy).bytes[0]
    var bits = (entropy + [digest]).flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 } }
    bits.removeLast(8 - entropy.count / 4)
    return stride(from: 0, to: bits.count, by: 11).map { place in
      list[bits[place..<(place + 11)].reduce(0) { $0 << 1 | Int($1) }]
    }
  }

  static func base58Check(_ payload: [UInt8]) -> String {
    let check = SHA256.digest(SHA256.digest(payload).bytes).bytes.prefix(4)
    var number = payload + check
    let zeros = number.prefix { $0 == 0 }.count
    var digits = ""
    let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    while number.contains(where: { $0 != 0 }) {
      var rest = 0
      for index in number.indices {
        rest = rest << 8 | Int(number[index])
        number[index] = UInt8(rest / 58)
        rest %= 58
      }
      digits = String(alphabet[rest]) + digits
    }
    return String(repeating: "1", count: zeros) + digits
  }

  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = Random(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  struct Random: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}

/// What is found in a whole file, and in the same file in pieces: both must be the same.
func found(_ content: [UInt8], name: String = "notes.txt", pieces: Int? = nil) -> [SecretFinding] {
  let scanner = SecretScanner()
  guard let pieces else { return content.withUnsafeBytes { scanner.scan($0, name: name.utf8) } }
  scanner.begin(name: name.utf8)
  content.withUnsafeBytes { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      scanner.take(UnsafeRawBufferPointer(rebasing: rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
  }
  return scanner.finish()
}

func kinds(_ text: String, name: String = "notes.txt") -> [SecretKind] {
  found(Array(text.utf8), name: name).map(\.kind)
}
