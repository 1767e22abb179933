import Files
import Secrets
import TestKit
import Testing

@Suite struct WalletTests {
  /// The page that Berkeley DB begins with, and a leaf with some records.
  private func berkeleyDB(_ records: [[UInt8]]) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.replaceSubrange(12..<16, with: [0x62, 0x31, 0x05, 0x00])
    return page + [UInt8](repeating: 0, count: 3000) + Array(records.joined(separator: [0, 7]))
  }

  private let open: [UInt8] = [3] + Phrases.bytes(32, seed: 8)

  @Test func walletsOfBerkeleyDB() {
    let key = [3] + Array("key!".utf8) + open
    let encrypted = [
      [4] + Array("ckey!".utf8) + open, [4] + Array("mkey".utf8) + [1, 0, 0, 0], [7] + Array("keymeta!".utf8),
    ]
    let name = Array("\u{4}name".utf8)
    #expect(found(berkeleyDB([name, key]), name: "wallet.dat").map(\.kind) == [.wallet])
    #expect(found(berkeleyDB([name, key]), name: "wallet.dat", pieces: 1000).map(\.offset) == [7096 + 7])
    #expect(found(berkeleyDB([name, Array("\u{6}hdseed".utf8)])).map(\.kind) == [.wallet])
    #expect(found(berkeleyDB([name] + encrypted), name: "wallet.dat") == [])
    #expect(found(berkeleyDB([name, Array("\u{7}chdseed".utf8)])) == [])
    // The same bytes in another kind of file.
    #expect(found(Array(berkeleyDB([name, key])[100...])) == [])
  }

  @Test func walletsOfSQLite() throws {
    let folder = try TemporaryFolder()
    for (record, expected) in [
      ("13\("walletdescriptorkey")", [SecretKind.wallet]), ("14\("walletdescriptorckey")", []),
    ] {
      let path = "\(folder.path)/\(record)"
      let name = record.dropFirst(2)
      try Command.succeed(
        "sqlite3",
        [
          path,
          "CREATE TABLE main(key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL);"
            + "INSERT INTO main VALUES (x'\(record.prefix(2))' || CAST('\(name)' AS BLOB) || randomblob(40), randomblob(214));",
        ])
      #expect(found(try FileContent.read(path), name: "wallet.dat").map(\.kind) == expected)
    }
  }

  @Test func walletsOfElectrum() {
    func wallet(seed: String, isEncrypted: Bool, history: Int = 0) -> [UInt8] {
      let lines = String(repeating: "        \"4a5e1e\": [[\"f\", 1]],\n", count: history)
      return Array(
        """
        {
            "keystore": {
                "seed": "\(seed)",
                "type": "bip32",
                "xprv": null
            },
            "seed_version": 18,
            "transactions": {\n\(lines)    },
            "use_encryption": \(isEncrypted),
            "wallet_type": "standard"
        }
        """.utf8)
    }
    let seed = "wild father tree among universe such mobile favorite target dynamic credit identify"
    #expect(found(wallet(seed: seed, isEncrypted: false), name: "default_wallet").map(\.kind).contains(.wallet))
    let long = wallet(seed: seed, isEncrypted: false, history: 50_000)
    #expect(found(long, pieces: 70_000).map(\.kind).contains(.wallet))
    #expect(found(wallet(seed: "dGhpcyBpcyBub3QgYSBzZWVkIGF0IGFsbA==", isEncrypted: true)) == [])
    #expect(found(wallet(seed: "", isEncrypted: false)) == [])
  }

  /// Always encrypted: a keystore of Ethereum.
  @Test func keystoresOfEthereumAreNone() {
    let keystore =
      #"{"version":3,"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","address":"008aeeda4d805471df9b2a5b0f38a0c3bcba786b","#
      + #""crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},"ciphertext":"#
      + #""d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"#
      + #""p":8,"r":1,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},"mac":"#
      + #""2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"}}"#
    #expect(kinds(keystore, name: "UTC--2026-11-21.json") == [])
  }
}
