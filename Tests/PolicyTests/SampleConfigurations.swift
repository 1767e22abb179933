/// Texts that are right; tests break them in one place.
enum Sample {
  static let fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567"

  static let node = """
    host = "peer-1"
    state = "/var/lib/redoubt"
    workers = 3

    [keys]
    gnupg-home = "/var/lib/redoubt/gnupg"
    recipients = ["backup@example.com"]
    signer = "peer-1@example.com"

    [[destination]]
    name = "offsite"
    kind = "s3"
    location = "cloud"
    endpoint = "https://s3.eu-central-1.amazonaws.com"
    region = "eu-central-1"
    bucket = "secure-bucket"
    prefix = "/redoubt/"
    addressing = "virtual-host"
    sse = "AES256"

    [[destination]]
    name = "disk"
    kind = "directory"
    location = "local"
    path = "/srv/redoubt/"

    [[set]]
    name = "peer-keys"
    class = "node-configurations"
    paths = ["/opt/convex/peer-keys.dat", "/etc//convex/"]
    exclude = ["*.tmp"]
    one-file-system = true
    volume-size = "8 MiB"
    destinations = ["offsite", "disk"]
    """

  static let keeper = """
    state = "/var/lib/redoubt-verify"

    [keys]
    gnupg-home = "/var/lib/redoubt-verify/gnupg"

    [[destination]]
    name = "disk"
    kind = "directory"
    location = "local"
    path = "/srv/redoubt"

    [[node]]
    host = "peer-1"
    trusted-signers = ["0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567"]
    destinations = ["disk"]
    """
}
