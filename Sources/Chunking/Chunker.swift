/// Content-defined chunking: FastCDC by Xia et al. (USENIX ATC 2016, algorithm 1; IEEE TPDS 2020), with normalized
/// chunking of level 2.
///
/// The gear hash of a position is `(hash << 1) + gear[byte]` over the bytes from the chunk's minimum on. A chunk ends
/// before the first byte at which all bits of a mask are zero: below the average length a mask with two bits more than
/// log2(average), from there on one with two bits less, so that lengths gather around the average. Bytes below the minimum
/// are skipped unread.
///
/// Cuts depend on sizes, table and the bytes from the chunk's start alone, never on how the input is divided into buffers.
public struct Chunker: Sendable {
  public let sizes: ChunkSizes
  private let gear: [UInt64]
  private let strictMask: UInt64
  private let looseMask: UInt64

  public init(sizes: ChunkSizes, table: GearTable) {
    self.sizes = sizes
    gear = table.values
    let bits = sizes.average.trailingZeroBitCount
    strictMask = Self.masks[bits + Self.normalization - Self.fewestBits]
    looseMask = Self.masks[bits - Self.normalization - Self.fewestBits]
  }

  /// - Parameter key: the node's 32 secret bytes (see `GearTable.init(key:)`).
  public init(sizes: ChunkSizes, key: [UInt8]) { self.init(sizes: sizes, table: GearTable(key: key)) }

  private static let normalization = 2

  /// Masks of 6 to 24 one bits, spread between bit 4 and bit 47, so that the last 48 bytes decide. The paper's section 4.2.1 says
  /// why spread bits deduplicate better. The values are the published ones: 6 to 17 bits from the authors' code (destor,
  /// `fascdc_chunking.c`), the rest from restic-FastCDC, as collected in fastcdc-rs (`src/v2020/mod.rs`, `MASKS`).
  private static let masks: [UInt64] = [
    0x0000_0000_0180_3110, 0x0000_0000_1803_5100, 0x0000_0018_0003_5300, 0x0000_0190_0035_3000, 0x0000_5900_0353_0000,
    0x0000_d900_0353_0000, 0x0000_d901_0353_0000, 0x0000_d903_0353_0000, 0x0000_d903_1353_0000, 0x0000_d90f_0353_0000,
    0x0000_d903_0353_7000, 0x0000_d907_0353_7000, 0x0000_d907_0753_7000, 0x0000_d917_0753_7000, 0x0000_d917_4753_7000,
    0x0000_d917_6753_7000, 0x0000_d937_6753_7000, 0x0000_d937_7753_7000, 0x0000_d937_7757_7000,
  ]
  /// One bits of the first of `masks`.
  private static let fewestBits = 6

  /// The length of the first chunk of `bytes`.
  ///
  /// A call reads from the chunk's start again: give it `sizes.maximum` bytes, or all that is left of the file.
  /// - Parameter atEnd: whether the file ends with `bytes`.
  /// - Returns: nil where that depends on bytes still to come (never with `atEnd`, never with `sizes.maximum` bytes), and
  ///   for no bytes at all.
  public func cut(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) -> Int? {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
    let end = min(bytes.count, sizes.maximum)
    let isWhole = atEnd || end == sizes.maximum
    guard end > sizes.minimum else { return isWhole ? end : nil }
    let source = base.assumingMemoryBound(to: UInt8.self)
    let found = gear.withUnsafeBufferPointer { gear -> Int? in
      guard let table = gear.baseAddress else { return nil }
      var hash: UInt64 = 0
      let center = min(sizes.average, end)
      return Self.scan(source, sizes.minimum, center, table, strictMask, &hash)
        ?? Self.scan(source, center, end, table, looseMask, &hash)
    }
    return found ?? (isWhole ? end : nil)
  }

  /// The first position from `start` to before `end` at which the hash has no bit of `mask`.
  ///
  /// Two bytes a step, as the 2020 paper's section 3.7 has it: after the first, hash and mask are one bit further left.
  @inline(__always)
  private static func scan(
    _ source: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ gear: UnsafePointer<UInt64>, _ mask: UInt64,
    _ hash: inout UInt64
  ) -> Int? {
    var position = start
    var value = hash
    while position &+ 1 < end {
      let first = gear[Int(source[position])]
      let second = gear[Int(source[position &+ 1])]
      let middle = (value &<< 1) &+ first
      if middle & mask == 0 { return position }
      value = (value &<< 2) &+ ((first &<< 1) &+ second)
      if value & mask == 0 { return position &+ 1 }
      position &+= 2
    }
    if position < end {
      value = (value &<< 1) &+ gear[Int(source[position])]
      if value & mask == 0 { return position }
    }
    hash = value
    return nil
  }
}
