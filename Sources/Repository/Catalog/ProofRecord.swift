/// Volumes of one set that were proven at a destination, one by one: what a run of the keeper read without reading a whole
/// snapshot, or of an incremental snapshot, whose volumes lie in many folders.
public struct Proof: Sendable, Equatable, Codable {
  public var host: String
  public var set: String
  public var destination: String
  /// `present`, `intact` or `readable`: a volume alone cannot be restored.
  public var level: VerificationLevel
  public var result: VerificationResult
  /// The sound ones.
  public var volumes: VolumeList
  /// Objects and bytes that were fetched or looked at for it.
  public var objects: Int
  public var bytes: UInt64
  public var seconds: Double
  /// Why it ended before its time.
  public var reason: String?
  /// Findings about volumes; at most `Verification.findingLimit` of them, `findingCount` counts all.
  public var findings: [Finding]
  public var findingCount: Int

  public init(
    host: String, set: String, destination: String, level: VerificationLevel, result: VerificationResult,
    volumes: VolumeList, objects: Int = 0, bytes: UInt64 = 0, seconds: Double = 0, reason: String? = nil,
    findings: [Finding] = [], findingCount: Int = 0
  ) {
    self.host = host
    self.set = set
    self.destination = destination
    self.level = level
    self.result = result
    self.volumes = volumes
    self.objects = objects
    self.bytes = bytes
    self.seconds = seconds
    self.reason = reason
    self.findings = Array(findings.prefix(Verification.findingLimit))
    self.findingCount = findingCount
  }

  enum CodingKeys: String, CodingKey {
    case host, set, destination, level, result, volumes, objects, bytes, seconds, reason, findings
    case findingCount = "finding-count"
  }
}

/// Volumes of a set by folder and number, each folder written as `20261121T020000Z-7f3a:1-57,60`.
public struct VolumeList: Sendable, Equatable {
  /// By snapshot folder: numbers, ascending and apart.
  public private(set) var folders: [String: [ClosedRange<Int>]] = [:]

  public init() {}

  public var isEmpty: Bool { folders.isEmpty }

  /// How many volumes.
  public var count: Int { folders.values.joined().reduce(0) { $0 + $1.count } }

  /// The folder and number in a volume's name, `data/20261121T020000Z-7f3a/volume-000057.tar.zst.gpg`; nil for a name of
  /// another form.
  public static func parse(_ name: some StringProtocol) -> (folder: String, number: Int)? {
    let parts = name.split(separator: "/")
    guard parts.count == 3, parts[2].hasPrefix("volume-"), parts[2].hasSuffix(".tar.zst.gpg"),
      let number = Int(parts[2].dropFirst("volume-".utf8.count).prefix { $0 != "." }), number > 0
    else { return nil }
    return (String(parts[1]), number)
  }

  /// - Parameter numbers: in any order.
  public mutating func add(_ numbers: some Sequence<Int>, of folder: String) {
    var ranges: [ClosedRange<Int>] = []
    let all = numbers.map { $0...$0 } + (folders[folder] ?? [])
    for range in all.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
    if !ranges.isEmpty { folders[folder] = ranges }
  }
}

extension VolumeList: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let list = VolumeList(texts: try container.decode([String].self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not folders' volumes")
    }
    self = list
  }

  /// - Returns: nil where one is not of the form that `texts` has.
  init?(texts: [String]) {
    for text in texts {
      guard let (folder, ranges) = Self.ranges(text) else { return nil }
      folders[folder, default: []] += ranges
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(texts)
  }

  /// As records and JSON output show it.
  public var texts: [String] {
    folders.sorted { $0.key < $1.key }.map { folder, ranges in
      let numbers = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      return "\(folder):\(numbers.joined(separator: ","))"
    }
  }

  private static func ranges(_ text: String) -> (String, [ClosedRange<Int>])? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, SnapshotID(parts[0]) != nil else { return nil }
    var ranges: [ClosedRange<Int>] = []
    for field in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let ends = field.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard let first = ends.first, let last = ends.last, ends.count <= 2, first > 0, first <= last else { return nil }
      ranges.append(first...last)
    }
    return (String(parts[0]), ranges)
  }
}
