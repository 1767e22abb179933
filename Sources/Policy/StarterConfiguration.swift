/// The commented files that the init commands write.
enum StarterConfiguration {
  static func node(host: String, state: String, gnupgHome: String, recipients: [String], signer: String) -> String {
    """
    # Redoubt on this node: what is backed up, to where, and for whom it is encrypted.
    # Every key is described in redoubt.toml(5). After a change: redoubt check

    # This node's name in storage.
    host = \(quoted(host))

    # Where this node keeps its catalog and lock.
    state = \(quoted(state))

    # What no set may hold, such as the keys of a stake's controller.
    # never = ["stake-controller*"]

    [keys]
    # The key ring that holds the recipients' public keys and this node's signing key.
    gnupg-home = \(quoted(gnupgHome))

    # Who can open the backups, by fingerprint or mail address. Their private keys do not belong on this machine.
    # To add one: gpg --homedir \(gnupgHome) --import backup.asc
    recipients = [\(recipients.map(quoted).joined(separator: ", "))]

    # The key that signs what this node stores. It can neither open nor replace a backup.
    signer = \(quoted(signer))

    # Where backups go. Credentials are found as the AWS tools find them, and never stand in this file. They need
    # s3:PutObject and nothing else.
    #
    # [[destination]]
    # name = "offsite"
    # kind = "s3"
    # location = "cloud"            # cloud, offsite, local or removable
    # endpoint = "https://s3.eu-central-1.amazonaws.com"
    # region = "eu-central-1"
    # bucket = "secure-bucket"
    # prefix = "redoubt"
    # sse = "AES256"
    #
    # [[destination]]
    # name = "disk"
    # kind = "directory"
    # location = "local"
    # path = "/srv/redoubt"

    # What is backed up. The class says how often, and what kind of destinations it needs:
    #   node-configurations   after each change   cloud or offsite, and local or removable
    #   client-database       daily               offsite or cloud
    #   server-configs        weekly              private git repository (location = "git")
    #   monitoring-configs    after each change   private git repository (location = "git")
    #
    # [[set]]
    # name = "peer-keys"
    # class = "node-configurations"
    # paths = ["/opt/convex/peer-keys.dat"]
    # exclude = ["*.tmp"]
    # secrets = "allow"             # peer keys belong in a backup; seed phrases are refused all the same
    # destinations = ["offsite", "disk"]

    """
  }

  static func keeper(
    state: String, gnupgHome: String, signer: String, nodes: [(host: String, signer: String)]
  ) -> String {
    """
    # Redoubt on the keeper: whose backups are verified and restored here.
    # Every key is described in redoubt.toml(5).

    # Where the keeper keeps its catalog.
    state = \(quoted(state))

    [keys]
    # The key ring that holds the nodes' public signing keys and the recipient's private key (or the card's stub of it).
    gnupg-home = \(quoted(gnupgHome))

    # The key that signs this keeper's catalog and its statements. It opens no backup, and nodes do not trust it.
    signer = \(quoted(signer))

    # Where backups are, as in the nodes' configurations. The credentials need s3:GetObject, and s3:ListBucket if possible.
    #
    # [[destination]]
    # name = "offsite"
    # kind = "s3"
    # location = "cloud"            # cloud, offsite, local or removable
    # endpoint = "https://s3.eu-central-1.amazonaws.com"
    # region = "eu-central-1"
    # bucket = "secure-bucket"
    # prefix = "redoubt"

    \(nodes.isEmpty ? exampleNode : nodes.map { block(host: $0.host, signer: $0.signer) }.joined(separator: "\n"))
    """
  }

  /// A node as the keeper's configuration names it; the destinations are the keeper's to fill in.
  static func block(host: String, signer: String) -> String {
    """
    [[node]]
    host = \(quoted(host))
    trusted-signers = [\(quoted(signer))]
    destinations = []               # names of [[destination]]s above

    """
  }

  private static let exampleNode = """
    # A node whose backups are looked after: 'redoubt init' prints this block on the node.
    #
    # [[node]]
    # host = "peer-1"
    # trusted-signers = ["0123456789ABCDEF0123456789ABCDEF01234567"]
    # destinations = ["offsite"]

    """

  /// A TOML basic string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      if scalar.value < 32 || scalar.value == 127 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
