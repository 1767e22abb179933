import Digests
import Files
import Secrets
import TestKit
import Testing

@Suite struct KeyTests {
  // MARK: PEM and OpenSSH, by the tools that make them

  @Test(arguments: ["rsa -pkeyopt rsa_keygen_bits:1024", "ed25519", "ec -pkeyopt ec_paramgen_curve:P-256", "x25519"])
  func keysOfOpenSSL(_ kind: String) throws {
    let make = "openssl genpkey -algorithm \(kind)"
    let plain = try Command.succeed("sh", ["-c", make]).text
    #expect(kinds(plain, name: "server.pem") == [.privateKey])
    #expect(kinds("key: |\n" + plain.split(separator: "\n").map { "    \($0)\n" }.joined()) == [.privateKey])
    #expect(kinds("{\"private_key\": \"\(plain.replacing("\n", with: "\\n"))\"}") == [.privateKey])
    #expect(kinds("static const char *key =\n\"\(plain.replacing("\n", with: "\\n\"\n\""))\";") == [.privateKey])
    #expect(kinds(plain.replacing("\n", with: "\r\n")) == [.privateKey])
    let encrypted = try Command.succeed("sh", ["-c", "\(make) | openssl pkcs8 -topk8 -passout pass:secret"]).text
    #expect(encrypted.contains("ENCRYPTED PRIVATE KEY"))
    #expect(kinds(encrypted) == [])
    let open = try Command.succeed("sh", ["-c", "\(make) | openssl pkey -pubout"]).text
    #expect(kinds(open) == [])
  }

  @Test func keysOfOpenSSLsOlderKinds() throws {
    let rsa = try Command.succeed("sh", ["-c", "openssl genrsa -traditional 1024 2>/dev/null"]).text
    #expect(rsa.contains("BEGIN RSA PRIVATE KEY"))
    #expect(kinds(rsa) == [.privateKey])
    let ec = try Command.succeed("openssl", ["ecparam", "-name", "prime256v1", "-genkey"]).text
    #expect(ec.contains("BEGIN EC PRIVATE KEY"))
    #expect(kinds(ec) == [.privateKey])
    let encrypted = try Command.succeed(
      "sh", ["-c", "openssl genrsa -traditional -aes128 -passout pass:secret 1024 2>/dev/null"]
    ).text
    #expect(encrypted.contains("Proc-Type: 4,ENCRYPTED"))
    #expect(kinds(encrypted) == [])
  }

  @Test(arguments: ["ed25519", "rsa", "ecdsa"]) func keysOfOpenSSH(_ type: String) throws {
    let folder = try TemporaryFolder()
    for (name, passphrase, expected) in [("open", "", [SecretKind.privateKey]), ("closed", "secret", [])] {
      let path = "\(folder.path)/\(name)"
      try Command.succeed("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "peer-1", "-f", path])
      let key = try FileContent.read(path)
      #expect(found(key, name: "id_\(type)").map(\.kind) == expected)
      #expect(found(key, pieces: 1).map(\.kind) == expected)
      #expect(found(try FileContent.read(path + ".pub")) == [])
      // As OpenSSL's kinds of old.
      try Command.succeed("ssh-keygen", ["-q", "-p", "-m", "PEM", "-P", passphrase, "-N", passphrase, "-f", path])
      #expect(found(try FileContent.read(path)).map(\.kind) == expected)
    }
  }

  @Test func headingsAloneAreNoKeys() {
    #expect(kinds("if text.hasPrefix(\"-----BEGIN PRIVATE KEY-----\") { return parse(text) }") == [])
    #expect(kinds("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----\n") == [])
    #expect(kinds("-----BEGIN PRIVATE KEY-----\n\(String(repeating: "A", count: 64))\n") == [])
    #expect(kinds("-----BEGIN PRIVATE KEY-----") == [])
    #expect(kinds("PRIVATE KEY-----") == [])
  }

  // MARK: Base58 and Bech32

  /// The key of https://en.bitcoin.it/wiki/Wallet_import_format, and others.
  @Test func walletImportKeys() {
    let secret = Phrases.bytes(32, seed: 3)
    let keys = [
      "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
      Phrases.base58Check([0x80] + secret), Phrases.base58Check([0x80] + secret + [1]),
      Phrases.base58Check([0xef] + secret), Phrases.base58Check([0xef] + secret + [1]),
    ]
    for key in keys {
      for text in [key, "zelnodeprivkey=\(key)\n", "  fluxnodeprivkey = '\(key)'\n", "{\"k\":\"a\\n\(key)\\n\"}"] {
        for before in [0, 1, 15, 16, 30, 31, 32] {
          #expect(kinds(String(repeating: "-", count: before) + text, name: "flux.conf") == [.importKey])
        }
        #expect(found(Array(text.utf8), pieces: 1).map(\.kind) == [.importKey])
      }
      // A checksum that is wrong, a character too few, and one too many.
      #expect(kinds(String(key.dropLast()) + (key.last == "J" ? "K" : "J")) == [])
      #expect(kinds(String(key.dropLast())) == [])
      #expect(kinds(key + "1") == [])
    }
    // An address is no key, whatever its checksum.
    #expect(kinds(Phrases.base58Check([0x00] + secret)) == [])
    #expect(kinds(Phrases.base58Check([0x80] + secret + [2])) == [])
  }

  /// The first test vector of BIP-32.
  @Test func extendedKeys() {
    let key =
      "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
    #expect(kinds("master: \(key)") == [.extendedKey])
    #expect(kinds(key.replacing("PHi", with: "PHj")) == [])
    let body = Phrases.bytes(41, seed: 4) + [0] + Phrases.bytes(32, seed: 5)
    for (version, prefix): ([UInt8], String) in [
      ([0x04, 0x9d, 0x78, 0x78], "yprv"), ([0x04, 0xb2, 0x43, 0x0c], "zprv"), ([0x04, 0x35, 0x83, 0x94], "tprv"),
      ([0x04, 0x5f, 0x18, 0xbc], "vprv"),
    ] {
      let key = Phrases.base58Check(version + body)
      #expect(key.hasPrefix(prefix))
      #expect(kinds("{\"key\":\"\(key)\"}") == [.extendedKey])
    }
    let open =
      "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
    #expect(kinds(open) == [])
  }

  /// The identity of age's own test file (`testdata/example_keys.txt` has others).
  @Test func ageKeys() {
    let key = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"
    #expect(kinds("# created: 2026-11-21\n# public key: age1…\n\(key)\n") == [.ageKey])
    #expect(kinds(key.replacing("LM0", with: "LM9")) == [])
    #expect(kinds(key.lowercased()) == [])
  }

  // MARK: Seeds

  @Test func seedsAreFoundByTheirNames() {
    let hex = Hex.encode(Phrases.bytes(32, seed: 6))
    for name in ["peer.seed", "controller.key", "seed", "x.ed25519", "A.SEED"] {
      for text in [hex, hex.uppercased(), "0x\(hex)\n", "  \(hex)\r\n"] {
        #expect(kinds(text, name: name) == [.keySeed])
      }
    }
    #expect(kinds(hex, name: "checksum.sha256") == [])
    #expect(kinds(String(hex.dropLast()), name: "peer.seed") == [])
    #expect(kinds(hex + "\n" + hex, name: "peer.seed") == [])
    #expect(found(Phrases.bytes(32, seed: 7), name: "peer.seed").map(\.kind) == [.keySeed])
    #expect(found(Phrases.bytes(32, seed: 7), name: "peer.seed", pieces: 1).map(\.kind) == [.keySeed])
    #expect(found(Phrases.bytes(32, seed: 7), name: "peer.dat") == [])
  }
}
