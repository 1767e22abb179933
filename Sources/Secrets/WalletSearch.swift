internal import Glibc

/// Finds wallets' files whose private keys no passphrase protects, by records that only such a wallet has.
///
/// - Bitcoin's `wallet.dat` and those of Zcash and Flux, Berkeley DB: `key` and `wkey` (encrypted ones have `ckey` and
///   `mkey`), Zcash's `hdseed`, `zkey` and `sapzkey` (`chdseed`, `czkey`, `csapzkey`).
/// - Bitcoin's newer ones, SQLite: `walletdescriptorkey` (`walletdescriptorckey`).
/// - Electrum's, JSON: `"use_encryption": false` and a seed or an xprv.
///
/// Ethereum's keystore files and PKCS #12 are always encrypted.
struct WalletSearch {
  private enum Format { case berkeleyDB, sqlite, json, other }
  private var format = Format.other
  private var isUnencrypted = false
  private var hasSeed = false

  /// Each record's key begins with its name, and that with its length (`src/wallet/walletdb.cpp`). A public key follows
  /// `key`: 33 bytes that begin with 2 or 3, or 65 that begin with 4.
  private static let berkeleyRecords: [StaticString] = [
    "\u{3}key!\u{2}", "\u{3}key!\u{3}", "\u{3}keyA\u{4}", "\u{4}wkey", "\u{6}hdseed", "\u{7}sapzkey", "\u{4}zkey",
  ]
  private static let sqliteRecords: [StaticString] = ["\u{13}walletdescriptorkey"]

  /// Looks at the file's beginning.
  mutating func begin(_ window: ScanWindow) {
    format = .other
    isUnencrypted = false
    hasSeed = false
    // The magic number of a B-tree, in either byte order (`DB_BTREEMAGIC`), at byte 12.
    if window.has("\u{62}\u{31}\u{5}\u{0}", at: 12) || window.has("\u{0}\u{5}\u{31}\u{62}", at: 12) {
      format = .berkeleyDB
    } else if window.has("SQLite format 3\u{0}", at: 0) {
      format = .sqlite
    } else if window.bytes.prefix(64).first(where: { $0 > 32 }) == UInt8(ascii: "{") {
      format = .json
    }
  }

  /// - Returns: where the file shows itself to be such a one.
  mutating func search(_ window: ScanWindow) -> Int? {
    switch format {
    case .other: return nil
    case .berkeleyDB: return first(Self.berkeleyRecords, window)
    case .sqlite: return first(Self.sqliteRecords, window)
    case .json: return searchElectrum(window)
    }
  }

  private func first(_ records: [StaticString], _ window: ScanWindow) -> Int? {
    records.compactMap { find($0, window, from: window.anchors.lowerBound) }.min()
  }

  private mutating func searchElectrum(_ window: ScanWindow) -> Int? {
    var last: Int?
    if let place = find("\"use_encryption\"", window, from: window.anchors.lowerBound) {
      isUnencrypted = window.has("false", at: value(window, place + 16))
      last = place
    }
    for name in ["\"seed\"", "\"xprv\""] as [StaticString] where !hasSeed {
      var position = window.anchors.lowerBound
      while !hasSeed, let place = find(name, window, from: position) {
        position = place + 6
        let text = value(window, position)
        guard window.has("\"", at: text) else { continue }
        let length = window.bytes[(text + 1)...].prefix(128).prefix { $0 != UInt8(ascii: "\"") }.count
        if length >= 16 {
          hasSeed = true
          last = place
        }
      }
    }
    return isUnencrypted && hasSeed ? last : nil
  }

  /// Past a colon and the space about it.
  private func value(_ window: ScanWindow, _ position: Int) -> Int {
    let rest = window.bytes[min(position, window.bytes.count)...].prefix(16)
    return rest.firstIndex { $0 > 32 && $0 != UInt8(ascii: ":") } ?? window.bytes.count
  }

  private func find(_ text: StaticString, _ window: ScanWindow, from position: Int) -> Int? {
    // The last character but one is rarer than the first: a quote, or a small number.
    let mark = text.utf8CodeUnitCount - 2
    let end = min(window.anchors.upperBound + mark, window.bytes.count)
    guard let base = window.bytes.baseAddress else { return nil }
    var place = position + mark
    while place < end, let hit = memchr(base + place, Int32(text.utf8Start[mark]), end - place) {
      place = base.distance(to: UnsafeRawPointer(hit)) + 1
      if window.has(text, at: place - 1 - mark) { return place - 1 - mark }
    }
    return nil
  }
}
