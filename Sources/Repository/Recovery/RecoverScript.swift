/// What is stored in plain text beside the snapshots, so that they can be restored without Redoubt.
///
/// An object is never overwritten, so a change to either text that is already stored somewhere needs a new name
/// (`recover-2.sh`). Equal copies are in `Fixtures/recovery`, where shellcheck and the recovery tests read them; a test
/// holds them equal, `scripts/embed-recovery.sh` makes them so.
public enum Recovery {
  /// The script's object name below `<prefix>/<host>/`.
  public static let scriptName = "recover-1.sh"

  /// A POSIX shell script that needs gpg, zstd, tar, sha256sum and awk.
  public static let script = #"""
    #!/bin/sh
    # recover-1.sh: restores a snapshot that Redoubt stored (format 1), without Redoubt.
    # Needs a POSIX shell, gpg, zstd, tar, sha256sum, awk, and the recipient's private key.
    # RECOVER-1.md, beside this file, tells how to get the objects and how to do it by hand.

    usage() {
      cat <<'END'
    usage: sh recover-1.sh [-n] [-k FINGERPRINT] [-o SNAPSHOT] HOSTDIR [SET [TARGET]]

      HOSTDIR         a local copy of <prefix>/<host> of the storage
      SET             the set to restore; without it, the sets and snapshots are listed
      TARGET          an empty or new directory that the files are restored into
      -n              check every volume and restore nothing (no TARGET)
      -k FINGERPRINT  accept only a manifest that this key has signed
      -o SNAPSHOT     this snapshot (20261121T020000Z-7f3a), not the latest one

    exit status: 0 restored and checked; 1 could not be done; 3 restored and the
    content is right, but tar could not set everything; 4 damage found; 64 wrong usage
    END
    }

    say() { printf 'recover: %s\n' "$*" >&2; }
    fail() { say "$*"; exit 1; }
    damaged() { say "damaged: $*"; exit 4; }
    wrong_usage() { say "$*"; usage >&2; exit 64; }

    # Nothing of the caller's may change what the tools do or print.
    LC_ALL=C; export LC_ALL
    unset CDPATH TAR_OPTIONS POSIXLY_CORRECT
    umask 077

    work='' zstd_pid='' tar_pid=''
    # shellcheck disable=SC2317 # called by trap
    clean_up() {
      trap '' HUP INT TERM
      if [ -n "$zstd_pid$tar_pid" ]; then
        kill -9 ${zstd_pid:+"$zstd_pid"} ${tar_pid:+"$tar_pid"} 2>/dev/null
        wait 2>/dev/null # or they would still make files where these are removed
      fi
      [ -z "$work" ] || rm -rf "$work"
    }
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    dry_run='' signer='' snapshot=''
    while getopts nk:o:h option; do
      case $option in
        n) dry_run=1 ;;
        k) signer=$(printf '%s' "$OPTARG" | tr -d ' ' | tr abcdef ABCDEF)
           case $signer in *[!0-9A-F]*) wrong_usage "-k: not a fingerprint: $OPTARG" ;; esac
           [ ${#signer} -ge 40 ] || wrong_usage "-k: not a whole fingerprint: $OPTARG" ;;
        o) snapshot=$OPTARG ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 64 ;;
      esac
    done
    shift $((OPTIND - 1))
    host_dir=${1-} set_name=${2-} target=${3-}
    if [ -z "$host_dir" ] || [ $# -gt 3 ]; then wrong_usage "name HOSTDIR, SET and TARGET"; fi
    [ -d "$host_dir" ] || fail "no such directory: $host_dir"
    case $host_dir in -*) host_dir=./$host_dir ;; esac

    if [ -z "$set_name" ]; then
      for manifest in "$host_dir"/*/*/manifest.tar.zst.gpg; do
        [ -f "$manifest" ] || continue
        manifest=${manifest%/*}; folder=${manifest%/*}
        printf '%s %s\n' "${folder##*/}" "${manifest##*/}"
      done
      exit 0
    fi
    case $set_name in catalog | [!a-z0-9]* | *[!a-z0-9._-]*) wrong_usage "not the name of a set: $set_name" ;; esac
    if [ -n "$dry_run" ]; then
      [ -z "$target" ] || wrong_usage "-n restores nothing: leave TARGET out"
    else
      [ -n "$target" ] || wrong_usage "name a TARGET (or -n to check only)"
      case $target in -*) target=./$target ;; esac
      if [ -e "$target" ] || [ -h "$target" ]; then
        [ -d "$target" ] || fail "the target is not a directory: $target"
        [ -z "$(ls -A "$target/")" ] || fail "the target is not empty: $target"
      fi
    fi
    for tool in gpg zstd tar sha256sum awk mktemp mkfifo; do
      command -v "$tool" >/dev/null || fail "$tool is not installed"
    done

    # The latest snapshot is the last finished one: ids begin with their time, and the manifest is stored last.
    if [ -z "$snapshot" ]; then
      for manifest in "$host_dir/$set_name"/*/manifest.tar.zst.gpg; do
        [ -f "$manifest" ] || continue
        snapshot=${manifest%/*}; snapshot=${snapshot##*/}
      done
      [ -n "$snapshot" ] || fail "no snapshot of the set $set_name in $host_dir"
    fi
    case $snapshot in [!0-9]* | *[!0-9TZa-f-]*) wrong_usage "not a snapshot: $snapshot" ;; esac
    manifest=$host_dir/$set_name/$snapshot/manifest.tar.zst.gpg
    [ -f "$manifest" ] || fail "no such file: $manifest"
    work=$(mktemp -d "${TMPDIR:-/tmp}/recover.XXXXXX") || fail "no temporary directory"
    case $work in /*) ;; *) work=$PWD/$work ;; esac

    # Decrypts $1 to $2. Only what a finished decryption has left there may be used: gpg hands out text before it knows
    # whether the message was tampered with.
    decrypt() {
      rm -f "$2"
      gpg --quiet --status-fd 3 --output "$2" --decrypt "$1" 3>"$work/status" 4>&- 2>"$work/gpg.log"
    }

    # 1. The manifest: its signature says who made the backup, and it names every volume by its SHA-256.
    decrypt "$manifest" "$work/manifest.tar.zst"
    gpg_status=$?
    verdict=$(awk '
      $1 != "[GNUPG:]" { next }
      $2 == "DECRYPTION_KEY" || $2 == "DECRYPTION_INFO" { begun = 1 }
      $2 == "DECRYPTION_OKAY" { okay = 1 }
      $2 == "DECRYPTION_FAILED" || $2 == "BADMDC" || $2 == "NODATA" { broken = 1 }
      $2 == "NEWSIG" { signatures++ }
      $2 == "GOODSIG" { good = 1 }
      $2 == "EXPKEYSIG" { expired = 1 }
      $2 == "BADSIG" || $2 == "REVKEYSIG" || $2 == "EXPSIG" { bad = $2 }
      $2 == "ERRSIG" { if ($8 == 9) unknown = ($9 ~ /^[0-9A-F]+$/ ? $9 : $3); else bad = $2 }
      $2 == "VALIDSIG" { key = $3; primary = ($12 == "" ? $3 : $12) }
      END {
        if (!begun) print "closed"
        else if (!okay || broken) print "broken"
        else if (bad != "") print "bad", bad
        else if (signatures == 0) print "unsigned"
        else if (signatures > 1) print "bad", "signatures:", signatures
        else if (good && key != "") print "good", key, primary
        else if (expired && key != "") print "expired", key, primary
        else if (unknown != "") print "unknown", unknown
        else print "bad", "signature"
      }' "$work/status")
    read -r verdict key primary <<END
    $verdict
    END
    case $verdict in
      good) [ $gpg_status -eq 0 ] || damaged "$manifest: gpg ended with status $gpg_status" ;;
      expired) say "WARNING: the key that signed this snapshot has expired" ;;
      unknown)
        say "WARNING: the key that signed this snapshot, $key, is not in your keyring:"
        say "WARNING: nothing shows who made it; import the node's public key to be sure" ;;
      closed) cat "$work/gpg.log" >&2; fail "$manifest cannot be decrypted: is the private key here?" ;;
      broken) cat "$work/gpg.log" >&2; damaged "$manifest" ;;
      unsigned) damaged "$manifest is not signed: anyone could have made it" ;;
      *) cat "$work/gpg.log" >&2; damaged "$manifest: no good signature ($key)" ;;
    esac
    if [ -n "$signer" ] && [ "$signer" != "$key" ] && [ "$signer" != "$primary" ]; then
      damaged "$manifest is signed by $key, not by $signer"
    elif [ "$verdict" = unknown ]; then
      [ -z "$signer" ] || fail "the key $signer is not in your keyring: its signature cannot be checked"
    else
      say "signed by $primary"
    fi

    zstd -dqf "$work/manifest.tar.zst" -o "$work/manifest.tar" || damaged "$manifest: not a zstd file"
    for member in snapshot.json volumes.tsv files.mtree; do
      tar -xOf "$work/manifest.tar" "$member" >"$work/$member" || damaged "$manifest: no $member"
    done
    # A field of the outermost object. A quotation mark inside a JSON string has a backslash, so this matches no string.
    field() {
      awk -v name="$1" '{ text = text $0 " " }
        END { if (match(text, "\"" name "\" *: *(\"[^\"\\\\]*\"|[0-9]+)")) { value = substr(text, RSTART, RLENGTH)
          sub(/^"[^"]*" *: *"?/, "", value); sub(/"$/, "", value); print value } }' "$work/snapshot.json"
    }
    [ "$(field v)" = 1 ] || fail "format version $(field v) is not known to this script: use the one stored with it"
    [ "$(field mode)" = full ] || fail "snapshots of mode $(field mode) are not known to this script"
    [ "$(field id)" = "$snapshot" ] || damaged "$manifest belongs to the snapshot $(field id)"
    [ "$(field set)" = "$set_name" ] || damaged "$manifest belongs to the set $(field set)"
    say "snapshot $snapshot of $(field host), set $set_name: $(field entries) entries, $(field bytes) bytes"
    awk '{ text = text $0 } END { if (match(text, /"findings" *: *\[ *\{/)) {
      text = substr(text, RSTART); sub(/\].*/, "]", text); gsub(/  +/, " ", text); print "recover: the node noted: " text } }' \
      "$work/snapshot.json" >&2

    # 2. The list of volumes: exactly this snapshot's, numbered without a gap, before any of it is used as a path.
    awk -F '\t' -v folder="$set_name/$snapshot" '
      function refuse(why) { print "recover: volumes.tsv, line " NR ": " why; failed = 1; exit 1 }
      function hex(text) { return length(text) == 64 && text !~ /[^0-9a-f]/ }
      NR == 1 { if ($0 != "#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid")
          refuse("unknown columns"); next }
      NF != 9 { refuse("not nine fields") }
      $1 != folder "/volume-" sprintf("%06d", NR - 1) ".tar.zst.gpg" { refuse("key out of place") }
      $2 !~ /^[0-9]+$/ || $4 !~ /^[0-9]+$/ || !hex($3) || !hex($5) { refuse("malformed") }
      END { if (!failed && NR < 2) { print "recover: volumes.tsv: no volume"; exit 1 } }
    ' "$work/volumes.tsv" >&2 || damaged "$manifest"
    sed 1d "$work/volumes.tsv" >"$work/volumes"

    is() { # FILE SIZE SHA256
      [ "$(($(wc -c <"$1")))" = "$2" ] && [ "$(sha256sum <"$1" | awk '{ print $1 }')" = "$3" ]
    }
    tab=$(printf '\t')
    wrong=0
    while IFS=$tab read -r key size sha256 rest; do
      if [ ! -f "$host_dir/$key" ]; then say "missing: $key"; wrong=1
      elif ! is "$host_dir/$key" "$size" "$sha256"; then say "wrong size or SHA-256: $key"; wrong=1
      fi
    done <"$work/volumes"
    [ $wrong -eq 0 ] || damaged "the stored volumes are not what the manifest says; nothing was restored"

    # 3. The names of the files and their digests: $work/sums in the format of sha256sum -c, and in $work/odd, still
    # escaped, those whose names that format cannot hold everywhere.
    : >"$work/sums"; : >"$work/odd"
    awk -v sums="$work/sums" -v odd="$work/odd" '
      function refuse(why) { print "recover: files.mtree, line " NR ": " why; exit 1 }
      BEGIN { for (i = 1; i < 256; i++) byte[sprintf("%03o", i)] = sprintf("%c", i) }
      NR == 1 { if ($0 !~ /^#mtree/) refuse("no #mtree"); next }
      {
        type = digest = path = ""; rest = $1
        for (i = 2; i <= NF; i++) {
          if (substr($i, 1, 5) == "type=") type = substr($i, 6)
          if (substr($i, 1, 13) == "sha256digest=") digest = substr($i, 14)
        }
        while ((at = index(rest, "\\")) > 0) {
          code = substr(rest, at + 1, 3)
          if (!(code in byte)) refuse("malformed name")
          path = path substr(rest, 1, at - 1) byte[code]; rest = substr(rest, at + 4)
        }
        path = path rest
        if (path != "." && substr(path, 1, 2) != "./" || ("/" path "/") ~ /\/\.\.\//) refuse("name outside the tree")
        if (type != "file") next
        if (length(digest) != 64 || digest ~ /[^0-9a-f]/) refuse("malformed digest")
        if (path ~ /[\\\n\r]/) print digest, $1 >odd; else print digest "  " path >sums
      }' "$work/files.mtree" >&2 || damaged "$manifest"

    # 4. One volume at a time: decrypt to a file, compare, and only then hand it on to zstd and tar.
    if tar --version 2>/dev/null | grep -q 'GNU tar'; then
      set -- tar -p --numeric-owner --xattrs '--xattrs-include=*' --acls --warning=no-unknown-keyword
    elif command -v bsdtar >/dev/null; then
      set -- env LC_ALL=C.UTF-8 bsdtar -p --numeric-owner
    else
      say "WARNING: tar is neither GNU tar nor bsdtar: long names, attributes and ACLs may be lost"
      set -- tar -p
    fi
    if [ -n "$dry_run" ]; then
      action=-t place=/
    else
      action=-x place=$target
      mkdir -p "$target" || fail "cannot make $target"
    fi
    mkfifo "$work/plain" "$work/tar" || fail "cannot make a pipe in $work"
    zstd -dcq <"$work/plain" >"$work/tar" &
    zstd_pid=$!
    (cd "$place" && exec "$@" "$action" -f -) <"$work/tar" >"$work/names" &
    tar_pid=$!
    exec 4>"$work/plain"
    trap '' PIPE
    while IFS=$tab read -r key size sha256 plain_size plain_sha256 rest <&5; do
      decrypt "$host_dir/$key" "$work/volume" || { cat "$work/gpg.log" >&2; damaged "$key cannot be decrypted"; }
      is "$work/volume" "$plain_size" "$plain_sha256" || damaged "$key holds something else than the manifest says"
      cat "$work/volume" >&4 2>/dev/null || break
    done 5<"$work/volumes"
    exec 4>&-
    wait "$zstd_pid"; zstd_status=$?; zstd_pid=
    wait "$tar_pid"; tar_status=$?; tar_pid=
    rm -f "$work/volume"
    [ $zstd_status -eq 0 ] || fail "zstd ended with status $zstd_status, tar with $tar_status"
    if [ -n "$dry_run" ]; then
      [ $tar_status -eq 0 ] || damaged "tar cannot read the joined volumes"
      say "sound: every volume decrypts to what the manifest says"
      exit 0
    fi

    # 5. Every restored file against its SHA-256 in the manifest.
    cd "$target" || fail "cannot enter $target"
    if [ -s "$work/sums" ]; then
      sha256sum -c "$work/sums" >"$work/checked" 2>/dev/null || wrong=1
      awk '!/: OK$/ { print "recover: damaged: " $0 }' "$work/checked" >&2
    fi
    while read -r digest escaped; do
      # The name as a format: mtree escapes with three octal digits, as printf(1) does. The dot keeps a last newline.
      # shellcheck disable=SC2059
      name=$(printf "$(printf '%s\n' "$escaped" | sed 's/%/%%/g')."); name=${name%.}
      if [ ! -f "$name" ] || [ "$(sha256sum <"$name" | awk '{ print $1 }')" != "$digest" ]; then
        say "damaged: $escaped"; wrong=1
      fi
    done <"$work/odd"
    [ $wrong -eq 0 ] || { say "tar ended with status $tar_status"; damaged "not everything in $target is as it was"; }
    say "restored and checked: $(($(wc -l <"$work/sums") + $(wc -l <"$work/odd"))) files in $target"
    if [ $tar_status -ne 0 ]; then
      say "tar ended with status $tar_status: see above what it could not set (owners need root)"
      exit 3
    fi
    exit 0

    """#
}
