extension Recovery {
  /// The guide's object name below `<prefix>/<host>/`.
  public static let guideName = "RECOVER-1.md"

  /// How to restore with the script, and by hand.
  public static let guide = #"""
    # How to restore these backups without Redoubt

    Redoubt stored what is here as ordinary files of ordinary tools: tar, zstd, OpenPGP. You need

    - the private key that the backups are encrypted to (in your gpg keyring, or on a smart card),
    - gpg, zstd, tar (GNU tar, or bsdtar), sha256sum and awk: `apt install gnupg zstd tar`,
    - this folder, `<prefix>/<host>`, on a local disk, for example by

          aws s3 cp --recursive s3://BUCKET/PREFIX/HOST ./HOST

      (one set, or one snapshot with the paths kept, is enough).

    ## With the script

    `recover-1.sh`, beside this file, is plain POSIX sh. Read it, then:

        sh recover-1.sh HOST                        # which sets and snapshots are there
        sh recover-1.sh -n HOST SET                 # check the latest snapshot, restore nothing
        sh recover-1.sh HOST SET TARGET             # restore it into the new directory TARGET
        sh recover-1.sh -o SNAPSHOT HOST SET TARGET # an older one

    It checks the signature on the manifest, the SHA-256 of every stored volume, of every decrypted volume and of every
    restored file, and stops at the first thing that is not as it was. Give it the fingerprint of the node's signing key
    to be certain who made the backup:

        sh recover-1.sh -k FINGERPRINT HOST SET TARGET

    That key's public part must be in your keyring (`gpg --import node.asc`). Run it as root if owners, devices and
    attributes of other users have to come back. Its exit status: 0 restored and checked; 1 could not be done; 3
    restored and the content is right, but tar could not set everything; 4 damage found; 64 wrong usage. After 1 or 4,
    don't use what is in TARGET. While it runs, one decrypted volume (32 MiB unless configured otherwise) is in TMPDIR.

    ## By hand

    A snapshot is a folder `SET/SNAPSHOT`, whose name begins with the time in UTC. It is finished if it holds
    `manifest.tar.zst.gpg`, which is stored last. The volumes are pieces of one tar archive. For a snapshot of mode
    `full`, in its folder:

        mkdir TARGET
        for v in volume-*.tar.zst.gpg; do gpg --decrypt "$v"; done | zstd -d |
          tar -x -p --numeric-owner --xattrs --xattrs-include='*' --acls -C TARGET

    This pipeline is simple, not careful: gpg hands out text before it knows whether it was tampered with, and the pipe
    hides its exit status. So check first what the manifest says:

        gpg --decrypt manifest.tar.zst.gpg | zstd -d | tar -x     # gpg must report a good signature of the node's key

        snapshot.json    what this is: host, set, mode, times, keys, and what the node could not read (findings)
        volumes.tsv      each volume: key (path below this folder), size, SHA-256 as stored, then size and SHA-256 decrypted
        files.mtree      every file: type, owner, mode, size, time, SHA-256 (mtree format; odd characters as \ooo in octal)
        links.tsv        hard links, where there are any
        attributes.tsv   extended attributes and ACLs, in base64, where there are any

        # in the folder HOST: is every stored volume what the node stored?
        awk -F '\t' 'NR > 1 { print $3 "  " $1 }' volumes.tsv | sha256sum -c

        # in TARGET: is the tree what the node read? (bsdtar and mtree read files.mtree, too)
        awk '{ for (i = 2; i <= NF; i++) if (sub(/^sha256digest=/, "", $i)) print $i "  " $1 }' files.mtree |
          sha256sum -c

    (The last line knows only names without escapes; the script knows all.)

    Every volume is a whole OpenPGP message of a whole zstd file. If one is lost, the others still open: decrypt and
    decompress the volumes that remain, and skip to a member's beginning (column `starts-inside` of volumes.tsv is 0 where
    a volume begins with one).

    ## Limits

    GNU tar can't extract a path longer than 4095 bytes. `snapshot.json` names the format (`v`) and the mode: this guide
    and this script are for format 1 and mode `full`; the script refuses any other.

    """#
}
