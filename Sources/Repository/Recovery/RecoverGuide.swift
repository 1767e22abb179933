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

      (one set is enough, with the paths kept: an incremental snapshot has volumes in earlier snapshots' folders, too).

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
    attributes of other users have to come back (devices of an incremental snapshot: with `-d`). Its exit status: 0
    restored and checked; 1 could not be done; 3 restored and the content is right, but not everything about the files could
    be set; 4 damage found; 64 wrong usage. After 1 or 4, don't use what is in TARGET.

    Space: while it runs, one decrypted volume (16 MiB unless configured otherwise) is in TMPDIR, unpacked, too, where the
    snapshot is incremental. An incremental snapshot takes at most twice its size in TARGET's file system: all chunks are
    gathered and proven in `TARGET/.recover.*` before the first file is made, and removed in the end. Its extended attributes
    and ACLs need setfattr (`apt install attr`), its times GNU touch; what can't be set is said.

    ## By hand

    A snapshot is a folder `SET/SNAPSHOT`, whose name begins with the time in UTC. It is finished if it holds
    `manifest.tar.zst.gpg`, which is stored last. `snapshot.json` in the manifest tells its mode. For mode `full`, the
    volumes are pieces of one tar archive; in the snapshot's folder:

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
        contents.tsv     mode incremental: of which chunks each file is made
        listing.tsv      mode incremental: the chunks of the four lists above, where these are long and not in the manifest

        # in the folder HOST: is every stored volume what the node stored?
        awk -F '\t' 'NR > 1 { print $3 "  " $1 }' volumes.tsv | sha256sum -c

        # in TARGET: is the tree what the node read? (bsdtar and mtree read files.mtree, too)
        awk '{ for (i = 2; i <= NF; i++) if (sub(/^sha256digest=/, "", $i)) print $i "  " $1 }' files.mtree |
          sha256sum -c

    (The last line knows only names without escapes; the script knows all.)

    Every volume is a whole OpenPGP message of a whole zstd file. If one is lost, the others still open: decrypt and
    decompress the volumes that remain, and skip to a member's beginning (column `starts-inside` of volumes.tsv is 0 where
    a volume begins with one).

    ## By hand, mode incremental

    Files are cut into chunks, and each volume is a whole tar archive of them. A chunk is named `chunks/` and its SHA-256, so
    unpacking the volumes that volumes.tsv lists, earlier snapshots' among them, and comparing gives all content, proven:

        # in the folder HOST, after the check with sha256sum -c above
        mkdir CHUNKS
        for v in $(awk -F '\t' 'NR > 1 { print $1 }' volumes.tsv); do
          gpg --decrypt "$v" | zstd -d | tar -x -C CHUNKS
        done
        (cd CHUNKS/chunks && for c in *; do echo "$c  $c"; done | sha256sum -c --quiet)

    Where there is a listing.tsv, join the lists first:

        while read -r member id length sha256; do cat "CHUNKS/chunks/$sha256" >>"$member"; done <listing.tsv

    contents.tsv has a line for each `type=file` of files.mtree that is not in links.tsv, in the same order: `-` for an empty
    file; one number for a file that is one chunk, named by the file's own sha256digest; else
    `volume:length:sha256` for each chunk, and the file is `cat` of them in this order. Directories, links, modes, owners and
    times are in files.mtree.

    ## Limits

    GNU tar can't extract a path longer than 4095 bytes; in mode `incremental` the script names such paths and goes on.
    `snapshot.json` names the format (`v`) and the mode: this guide and this script are for format 1 and the modes `full`
    and `incremental`; the script refuses any other.

    """#
}
