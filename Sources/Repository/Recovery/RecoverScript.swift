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
    # RECOVER-1.md, beside this file, tells how to get the objects and how to do it by hand. To read it, begin at "main".

    usage() {
      cat <<'END'
    usage: sh recover-1.sh [-dn] [-k FINGERPRINT] [-o SNAPSHOT] HOSTDIR [SET [TARGET]]

      HOSTDIR         a local copy of <prefix>/<host> of the storage
      SET             the set to restore; without it, the sets and snapshots are listed
      TARGET          an empty or new directory that the files are restored into
      -d              make device nodes, too, of an incremental snapshot (needs root)
      -n              check every volume and restore nothing (no TARGET)
      -k FINGERPRINT  accept only a manifest that this key has signed
      -o SNAPSHOT     this snapshot (20261121T020000Z-7f3a), not the latest one

    exit status: 0 restored and checked; 1 could not be done; 3 restored and the
    content is right, but not everything about the files could be set; 4 damage
    found; 64 wrong usage
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
    tab=$(printf '\t')

    # Removes what is temporary: $work (lists, one volume), and $store (chunks, in the target).
    work='' store='' zstd_pid='' tar_pid=''
    # shellcheck disable=SC2317 # called by trap
    clean_up() {
      trap '' HUP INT TERM
      if [ -n "$zstd_pid$tar_pid" ]; then
        kill -9 ${zstd_pid:+"$zstd_pid"} ${tar_pid:+"$tar_pid"} 2>/dev/null
        wait 2>/dev/null # or they would still make files where these are removed
      fi
      [ -z "$work" ] || rm -rf "$work"
      [ -z "$store" ] || rm -rf "$store"
    }
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # The options and arguments of the command line.
    read_arguments() {
      dry_run='' signer='' snapshot='' devices=''
      while getopts dnk:o:h option; do
        case $option in
          d) devices=1 ;;
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
      [ -n "$set_name" ] || return 0
      case $set_name in catalog | [!a-z0-9]* | *[!a-z0-9._-]*) wrong_usage "not the name of a set: $set_name" ;; esac
      if [ -n "$dry_run" ]; then
        [ -z "$target" ] || wrong_usage "-n restores nothing: leave TARGET out"
        return 0
      fi
      [ -n "$target" ] || wrong_usage "name a TARGET (or -n to check only)"
      case $target in /*) ;; *) target=$PWD/$target ;; esac
      if [ -e "$target" ] || [ -h "$target" ]; then
        [ -d "$target" ] || fail "the target is not a directory: $target"
        [ -z "$(ls -A "$target/")" ] || fail "the target is not empty: $target"
      fi
    }

    # Every set and snapshot in HOSTDIR, a line each.
    list_snapshots() {
      for manifest in "$host_dir"/*/*/manifest.tar.zst.gpg; do
        [ -f "$manifest" ] || continue
        manifest=${manifest%/*}; folder=${manifest%/*}
        printf '%s %s\n' "${folder##*/}" "${manifest##*/}"
      done
    }

    # The latest snapshot is the last finished one: ids begin with their time, and the manifest is stored last.
    choose_snapshot() {
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
    }

    # Decrypts $1 to $2. Only what a finished decryption has left there may be used: gpg hands out text before it knows
    # whether the message was tampered with.
    decrypt() {
      rm -f "$2"
      gpg --quiet --status-fd 3 --output "$2" --decrypt "$1" 3>"$work/status" 4>&- 2>"$work/gpg.log"
    }

    # Whether the file $1 has the size $2 and the SHA-256 $3.
    is() {
      [ "$(($(wc -c <"$1")))" = "$2" ] && [ "$(sha256sum <"$1" | awk '{ print $1 }')" = "$3" ]
    }

    # The manifest: its signature says who made the backup, and it names every volume by its SHA-256.
    open_manifest() {
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
      tar -tf "$work/manifest.tar" >"$work/members" || damaged "$manifest: not a tar archive"
      for member in snapshot.json volumes.tsv listing.tsv files.mtree contents.tsv links.tsv attributes.tsv; do
        : >"$work/$member"
        grep -qx "$member" "$work/members" || continue
        tar -xOf "$work/manifest.tar" "$member" >"$work/$member" || damaged "$manifest: no $member"
      done
      rm -f "$work/manifest.tar" "$work/manifest.tar.zst"
    }

    # A field of snapshot.json's outermost object. A quotation mark inside a JSON string has a backslash, so this matches no
    # string.
    field() {
      awk -v name="$1" '{ text = text $0 " " }
        END { if (match(text, "\"" name "\" *: *(\"[^\"\\\\]*\"|[0-9]+)")) { value = substr(text, RSTART, RLENGTH)
          sub(/^"[^"]*" *: *"?/, "", value); sub(/"$/, "", value); print value } }' "$work/snapshot.json"
    }

    # snapshot.json: is the manifest of a format that this script knows, and of the snapshot that was asked for?
    read_description() {
      [ "$(field v)" = 1 ] || fail "format version $(field v) is not known to this script: use the one stored with it"
      mode=$(field mode)
      case $mode in full | incremental) ;; *) fail "snapshots of mode $mode are not known to this script" ;; esac
      [ "$(field id)" = "$snapshot" ] || damaged "$manifest belongs to the snapshot $(field id)"
      [ "$(field set)" = "$set_name" ] || damaged "$manifest belongs to the set $(field set)"
      say "snapshot $snapshot of $(field host), set $set_name: $(field entries) entries, $(field bytes) bytes"
      awk '{ text = text $0 } END { if (match(text, /"findings" *: *\[ *\{/)) {
        text = substr(text, RSTART); sub(/\].*/, "]", text); gsub(/  +/, " ", text)
        print "recover: the node noted: " text } }' "$work/snapshot.json" >&2
    }

    # The list of volumes, before any of it is used as a path. Full: exactly this snapshot's, numbered without a gap.
    # Incremental: of this set, in the folders of this snapshot and of earlier ones.
    check_volume_table() {
      awk -F '\t' -v set="$set_name" -v snapshot="$snapshot" -v mode="$mode" '
        function refuse(why) { print "recover: volumes.tsv, line " NR ": " why; failed = 1; exit 1 }
        function hex(text) { return length(text) == 64 && text !~ /[^0-9a-f]/ }
        # Of the form 20261121T020000Z-7f3a, and not later than the snapshot.
        function earlier(id,   shape) {
          shape = id; gsub(/[0-9a-f]/, "0", shape)
          return shape == "00000000T000000Z-0000" && (id "") <= (snapshot "")
        }
        function in_place(key,   part) {
          if (mode == "full") return key == set "/" snapshot "/volume-" sprintf("%06d", NR - 1) ".tar.zst.gpg"
          return split(key, part, "/") == 3 && part[1] == set && earlier(part[2]) && !(key in seen) &&
            part[3] ~ /^volume-[0-9][0-9][0-9][0-9][0-9][0-9]\.tar\.zst\.gpg$/
        }
        NR == 1 { if ($0 != "#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid")
            refuse("unknown columns"); next }
        NF != 9 { refuse("not nine fields") }
        !in_place($1) { refuse("key out of place") }
        $2 !~ /^[0-9]+$/ || $4 !~ /^[0-9]+$/ || !hex($3) || !hex($5) || $9 !~ /^[1-9][0-9]*$/ || ($9 in id) {
          refuse("malformed") }
        { seen[$1]; id[$9] }
        END { if (!failed && NR < (mode == "full" ? 2 : 1)) { print "recover: volumes.tsv: no volume"; exit 1 } }
      ' "$work/volumes.tsv" >&2 || damaged "$manifest"
      sed 1d "$work/volumes.tsv" >"$work/volumes"
    }

    # Every stored volume against its size and SHA-256 in the manifest.
    check_stored_volumes() {
      wrong=0
      while IFS=$tab read -r key size sha256 rest; do
        if [ ! -f "$host_dir/$key" ]; then say "missing: $key"; wrong=1
        elif ! is "$host_dir/$key" "$size" "$sha256"; then say "wrong size or SHA-256: $key"; wrong=1
        fi
      done <"$work/volumes"
      [ $wrong -eq 0 ] || damaged "the stored volumes are not what the manifest says; nothing was restored"
    }

    # Decrypts the volume $1 to $work/volume and compares that with its size $2 and SHA-256 $3.
    open_volume() {
      decrypt "$host_dir/$1" "$work/volume" || { cat "$work/gpg.log" >&2; damaged "$1 cannot be decrypted"; }
      is "$work/volume" "$2" "$3" || damaged "$1 holds something else than the manifest says"
    }

    # For awk. unescape() gives a name's bytes; entry() takes a line of files.mtree apart into type, digest and so on, and
    # path: "." or "./" and a name without empty, "." and ".." components.
    # shellcheck disable=SC2016 # awk's own $
    names='
      function refuse(why) { print "recover: " FILENAME ", line " FNR ": " why; failed = 1; exit 1 }
      function hex(text) { return length(text) == 64 && text !~ /[^0-9a-f]/ }
      function unescape(text,   bytes, at, code) {
        bytes = ""
        while ((at = index(text, "\\")) > 0) {
          code = substr(text, at + 1, 3)
          if (!(code in byte)) refuse("malformed name")
          bytes = bytes substr(text, 1, at - 1) byte[code]; text = substr(text, at + 4)
        }
        return bytes text
      }
      function entry(   i, at) {
        type = digest = uid = gid = mode = size = time = link = device = ""
        path = unescape($1)
        if (path != "." && (substr(path, 1, 2) != "./" || ("/" substr(path, 3) "/") ~ /\/\.?\.?\//))
          refuse("name outside the tree")
        for (i = 2; i <= NF; i++) {
          at = index($i, "="); key = substr($i, 1, at - 1); value = substr($i, at + 1)
          if (key == "type") type = value; else if (key == "sha256digest") digest = value
          else if (key == "uid") uid = value; else if (key == "gid") gid = value
          else if (key == "mode") mode = value; else if (key == "size") size = value
          else if (key == "time") time = value; else if (key == "link") link = value
          else if (key == "device") device = value
        }
        if (type == "file" && !hex(digest)) refuse("malformed digest")
      }
      BEGIN { for (i = 1; i < 256; i++) byte[sprintf("%03o", i)] = sprintf("%c", i) }'

    # The names of the files and their digests: $work/sums in the format of sha256sum -c, and in $work/odd, still escaped,
    # those whose names that format cannot hold everywhere.
    list_digests() {
      : >"$work/sums"; : >"$work/odd"
      (cd "$work" && awk "$names"'
        NR == 1 { if ($0 !~ /^#mtree/) refuse("no #mtree"); next }
        { entry(); if (length(path) > 4095) next } # told where it is not restored
        type == "file" { if (path ~ /[\\\n\r]/) print digest, $1 >"odd"; else print digest "  " path >"sums" }
      ' files.mtree) >&2 || damaged "$manifest"
    }

    # Mode full. One volume at a time: decrypt to a file, compare, and only then hand it on to zstd and tar.
    restore_stream() {
      if tar --version 2>/dev/null | grep -q 'GNU tar'; then
        # Without the last one a folder that its owner may not enter is closed before later links into it are made.
        set -- tar -p --numeric-owner --xattrs '--xattrs-include=*' --acls --warning=no-unknown-keyword \
          --delay-directory-restore
      elif command -v bsdtar >/dev/null; then
        set -- env LC_ALL=C.UTF-8 bsdtar -p --numeric-owner
      else
        say "WARNING: tar is neither GNU tar nor bsdtar: long names, attributes and ACLs may be lost"
        set -- tar -p
      fi
      action=-x place=$target
      [ -z "$dry_run" ] || action=-t place=/
      mkfifo "$work/plain" "$work/tar" || fail "cannot make a pipe in $work"
      zstd -dcq <"$work/plain" >"$work/tar" &
      zstd_pid=$!
      (cd "$place" && exec "$@" "$action" -f -) <"$work/tar" >"$work/names" &
      tar_pid=$!
      exec 4>"$work/plain"
      trap '' PIPE
      while IFS=$tab read -r key size sha256 plain_size plain_sha256 rest <&5; do
        open_volume "$key" "$plain_size" "$plain_sha256"
        cat "$work/volume" >&4 2>/dev/null || break
      done 5<"$work/volumes"
      exec 4>&-
      wait "$zstd_pid"; zstd_status=$?; zstd_pid=
      wait "$tar_pid"; tar_status=$?; tar_pid=
      [ $zstd_status -eq 0 ] || fail "zstd ended with status $zstd_status, tar with $tar_status"
      if [ $tar_status -ne 0 ]; then
        [ -z "$dry_run" ] || damaged "tar cannot read the joined volumes"
        say "tar ended with status $tar_status: see above what it could not set (owners need root)"
        incomplete=1
      fi
    }

    # Mode incremental. Takes the chunks of the list $1 (lines of a volume's id and a digest) out of their volumes into
    # $chunks, each proven by its SHA-256, which is its name. Volumes without a chunk in the list are passed over.
    fetch_chunks() {
      rm -rf "$work/need"; mkdir "$work/need"
      sort -u "$1" | (cd "$work/need" && awk '
        $1 != id { if (id != "") close(id); id = $1 }
        { print $2 "  chunks/" $2 >id }')
      while IFS=$tab read -r key size sha256 plain_size plain_sha256 rest <&5; do
        id=${rest##*"$tab"}
        [ -s "$work/need/$id" ] || continue
        open_volume "$key" "$plain_size" "$plain_sha256"
        zstd -dqf "$work/volume" -o "$work/volume.tar" || damaged "$key: not a zstd file"
        # Nothing but plain files named chunks/<64 hexadecimal digits>, before any is written.
        { tar -tf "$work/volume.tar" && echo && tar -tvf "$work/volume.tar"; } >"$work/members" ||
          damaged "$key: not a tar archive"
        awk 'BEGIN { count = 0 }
          $0 == "" { types = 1; next }
          !types { count++; if (length($0) != 71 || $0 !~ /^chunks\/[0-9a-f]*$/) bad = 1; next }
          { count--; if ($0 !~ /^-/ || $(NF - 1) == "->") bad = 1 }
          END { exit bad || count != 0 }' "$work/members" || damaged "$key holds something else than chunks"
        rm -rf "$chunks.new"; mkdir "$chunks.new"
        (cd "$chunks.new" && tar -xof "$work/volume.tar") || fail "tar cannot unpack $key"
        (cd "$chunks.new" && sha256sum -c "$work/need/$id") >"$work/checked" 2>/dev/null ||
          damaged "$key: $(grep -vc ': OK$' "$work/checked") chunks are missing or not what their names say"
        if [ -n "$keep" ]; then
          # shellcheck disable=SC2016 # the inner shell's own $
          sed 's/ .*//' "$work/need/$id" | (cd "$chunks.new/chunks" && xargs sh -c 'mv -f "$@" "$0/"' "$chunks") ||
            fail "cannot keep the chunks of $key"
        fi
      done 5<"$work/volumes"
      rm -rf "$chunks.new" "$work/volume" "$work/volume.tar"
    }

    # Mode incremental. Where the manifest has listing.tsv, its other lists are chunks, too: fetches and joins them.
    join_listing() {
      [ -s "$work/listing.tsv" ] || return 0
      (cd "$work" && awk -F '\t' '
        function refuse(why) { print "recover: listing.tsv, line " FNR ": " why; exit 1 }
        FILENAME == "volumes" { volume[$9]; next }
        NF != 4 || $1 !~ /^(files\.mtree|(contents|links|attributes)\.tsv)$/ { refuse("unknown member") }
        !($2 in volume) { refuse("unknown volume") }
        length($4) != 64 || $4 ~ /[^0-9a-f]/ { refuse("malformed digest") }
        { print $2, $4 >"listing-chunks"; print $1, $4 >"listing-parts" }' volumes listing.tsv) >&2 || damaged "$manifest"
      keep=1
      fetch_chunks "$work/listing-chunks"
      for member in files.mtree contents.tsv links.tsv attributes.tsv; do : >"$work/$member"; done
      while read -r member digest; do
        cat "$chunks/$digest" >>"$work/$member" || fail "cannot join $member"
      done <"$work/listing-parts"
    }

    # Mode incremental. Lengths that zeros in a hole may have: those of chunks that files hold more than once. $work/zeros
    # gets each with the SHA-256 of as many zeros, so that a hole is known by its chunks' digests.
    list_zeros() {
      awk '{ for (i = 1; i <= NF; i++) if (split($i, part, ":") == 3 && part[2] ~ /^[1-9][0-9]*$/ &&
          length(part[2]) < 10 && seen[part[3]]++ == 1 && !(part[2] in done)) { done[part[2]]; print part[2] } }
      ' "$work/contents.tsv" | while read -r length; do
        printf '%s %s\n' "$length" "$(head -c "$length" /dev/zero | sha256sum | awk '{ print $1 }')"
      done >"$work/zeros"
    }

    # Mode incremental. Checks the lists against each other and turns them into work: $work/needed (volume and digest of
    # each chunk), $work/make (what makes the tree) and, for set_metadata, owners, attributes, modes, times, folder-modes.
    # But for "needed", they are lines of shell that hold nothing but the names of the functions below, numbers, hexadecimal
    # digits, base64, and names between single quotes.
    plan() {
      for list in needed make owners attributes modes times folder-modes; do : >"$work/$list"; done
      list_zeros
      (cd "$work" && awk "$names"'
        function quoted(text,   count, part, i, result) {
          count = split(text, part, "\047"); result = "\047" part[1]
          for (i = 2; i <= count; i++) result = result "\047\\\047\047" part[i]
          return result "\047"
        }
        # Files with the same owner, mode and so on share a command.
        function together(list, command, name) {
          group[list, command] = group[list, command] " " name
          if (length(group[list, command]) < 30000) return
          print command group[list, command] >list; delete group[list, command]
        }
        function number(text, what) { if (text !~ /^[0-9]+$/) refuse("malformed " what); return text }
        # Whatever is above a path is a folder: never a symbolic link that leads elsewhere.
        function make_parents(   count, part, i, folder) {
          count = split(path, part, "/"); folder = "."
          for (i = 2; i < count; i++) {
            folder = folder "/" part[i]
            if (!(folder in kind)) { kind[folder] = "implied"; print "folder " quoted(folder) >"make" }
            else if (kind[folder] != "dir" && kind[folder] != "implied") refuse("below something that is not a folder")
          }
        }
        function need(id, sum) {
          if (!(id in volume)) refuse("contents.tsv names an unknown volume")
          if (!hex(sum)) refuse("contents.tsv: malformed digest")
          print id, sum >"needed"
        }
        function flush(name) { if (parts != "") print "join " name parts >"make"; parts = ""; part_count = 0 }
        function flush_hole(name) { if (hole) print "hole " name " " sprintf("%.0f", offset) >"make"; hole = 0 }
        function make_file(name,   line, count, chunk, part, i) {
          if (path in earlier) {
            if (kind[earlier[path]] != "file") refuse("a hard link to something that is not an earlier file")
            print "link " name " " quoted(earlier[path]) >"make"; linked = 1; return
          }
          number(size, "size")
          if ((getline line <"contents.tsv") <= 0) refuse("contents.tsv ends early")
          if (line == "-") {
            if (size + 0 != 0) refuse("contents.tsv: no chunks for " size " bytes")
            print "empty " name >"make"; return
          }
          if (line ~ /^[0-9]+$/) {
            need(line, digest)
            print ((digest in used) ? "copy " : "chunk ") name " " digest >"make"; used[digest]; return
          }
          count = split(line, chunk, " "); offset = 0
          for (i = 1; i <= count; i++) {
            if (split(chunk[i], part, ":") != 3 || part[2] !~ /^[1-9][0-9]*$/) refuse("contents.tsv: not a chunk")
            need(part[1], part[3])
            if ((part[2] " " part[3]) in zero) { flush(name); hole = 1 }
            else { flush_hole(name); parts = parts " " part[3]; if (++part_count == 400) flush(name) }
            offset += part[2]
          }
          flush(name); flush_hole(name)
          if (offset != size + 0) refuse("contents.tsv: the chunks are not as long as the file")
        }
        function make(name,   number_of) {
          if (path == "." && type != "dir") refuse("the root is not a folder")
          if (type == "dir") { if (path != "." && !(path in kind)) print "folder " name >"make" }
          else if (type == "file") make_file(name)
          else if (type == "link") print "symlink " name " " quoted(unescape(link)) >"make"
          else if (type == "fifo") print "pipe " name >"make"
          else if (type == "char" || type == "block") {
            if (split(device, number_of, ",") != 3) refuse("malformed device")
            if (!devices) { print "recover: no device node was made: " $1; skipped = 1; return 0 }
            print "device " name " " substr(type, 1, 1) " " number(number_of[2], "device") " " \
              number(number_of[3], "device") >"make"
          } else refuse("unknown type")
          return 1
        }
        # touch counts the fraction of a time before 1970 backwards, mtree forwards.
        function moment(   part, fraction) {
          if (time !~ /^-?[0-9]+\.[0-9]+$/ || split(time, part, ".") != 2 || length(part[2]) != 9) refuse("malformed time")
          if (time !~ /^-/ || part[2] + 0 == 0) return time
          return "-" sprintf("%.0f", -part[1] - 1) "." sprintf("%09d", 1000000000 - part[2])
        }
        # No program can be given such a name whole.
        function pass_over(   line) {
          print "recover: not restored, because its name has more than 4095 bytes: " substr($1, 1, 70) "..."; skipped = 1
          if (type == "file" && !(path in earlier) && (getline line <"contents.tsv") <= 0) refuse("contents.tsv ends early")
        }
        FILENAME == "volumes" { volume[$9]; next }
        FILENAME == "zeros" { zero[$1 " " $2]; next }
        FILENAME == "links.tsv" { if (NF != 2) refuse("malformed"); earlier[unescape($1)] = unescape($2); next }
        FILENAME == "attributes.tsv" {
          path = unescape($1)
          if (!(path in kind) || kind[path] == "implied") refuse("not an entry: " $1)
          if (NF != 3 || $2 == "" || $3 ~ /[^A-Za-z0-9+\/=]/) refuse("malformed")
          if (kind[path] != "skipped") together("attributes", "attribute " quoted(unescape($2)) " 0s" $3, quoted(path))
          next
        }
        FNR == 1 { if ($0 !~ /^#mtree/) refuse("no #mtree"); next }
        {
          entry(); name = quoted(path); linked = 0
          if (path in kind && !(kind[path] == "implied" && type == "dir")) refuse("listed twice")
          if (length(path) > 4095) { pass_over(); kind[path] = "skipped"; next }
          make_parents()
          made = make(name)
          kind[path] = made ? type : "skipped"
          if (!made || linked) next
          together("owners", "owner " number(uid, "owner") ":" number(gid, "group"), name)
          together("times", "moment @" moment(), name)
          if (mode !~ /^[0-7]+$/) refuse("malformed mode")
          if (type == "dir") folder[++folders] = "mode 0" mode " " name
          else if (type != "link") together("modes", "mode 0" mode, name)
        }
        END {
          if (!failed && (getline line <"contents.tsv") > 0) { print "recover: contents.tsv: too long"; failed = 1 }
          if (failed) exit 1
          for (both in group) { split(both, list, SUBSEP); print list[2] group[both] >list[1] }
          for (i = folders; i > 0; i--) print folder[i] >"folder-modes" # what is inside comes first
          if (skipped) print "" >"skipped"
        }' devices="$devices" FS='\t' volumes FS=' ' zeros FS='\t' links.tsv FS=' ' files.mtree FS='\t' attributes.tsv
      ) >&2 || damaged "$manifest"
      [ ! -e "$work/skipped" ] || incomplete=1
    }

    # What $work/make is made of; each makes one thing in the target. A chunk that is a whole file is linked into place the
    # first time, then copied.
    folder() { mkdir "$1" || fail "cannot make $1"; }
    empty() { : >"$1" || fail "cannot make $1"; }
    chunk() { ln "$chunks/$2" "$1" 2>/dev/null || copy "$1" "$2"; }
    copy() { cp "$chunks/$2" "$1" || fail "cannot make $1"; }
    join() { # appends chunks
      made=$1; shift
      (cd "$chunks" && exec cat "$@") >>"$made" || fail "cannot make $made"
    }
    hole() { dd if=/dev/null of="$1" bs=1 seek="$2" 2>/dev/null || fail "cannot make $1"; } # lengthens to $2 bytes
    link() { ln "$2" "$1" || fail "cannot make $1"; }
    symlink() { ln -s -- "$2" "$1" || fail "cannot make $1"; }
    pipe() { mkfifo "$1" || fail "cannot make $1"; }
    device() { mknod "$1" "$2" "$3" "$4" || { say "no device node was made: $1"; incomplete=1; }; }

    # And of the other lists: each sets one thing of many files, which the tools name where they can't.
    owner() { value=$1; shift; chown -h "$value" "$@" || incomplete=1; }
    attribute() { # an empty value is left out: setfattr does nothing for "-v 0s"
      key=$1 value=$2; shift 2
      if [ "$value" = 0s ]; then set -- -- "$@"; else set -- -v "$value" -- "$@"; fi
      setfattr -h -n "$key" "$@" || incomplete=1
    }
    mode() { value=$1; shift; chmod "$value" "$@" || incomplete=1; }
    moment() {
      value=$1; shift
      [ -n "$fractions" ] || value=${value%.*}
      touch -c -h -d "$value" "$@" || incomplete=1
    }

    # Mode incremental. The tree in the target, from the chunks: content and names, nothing else yet.
    restore_chunks() {
      if [ -n "$dry_run" ]; then
        store=$work/store; mkdir "$store"
      else # in the target, because chunks are linked into place
        store=$(mktemp -d "$target/.recover.XXXXXX") || fail "cannot write to $target"
      fi
      chunks=$store/chunks; mkdir "$chunks"
      join_listing
      list_digests
      plan
      keep=; [ -n "$dry_run" ] || keep=1
      fetch_chunks "$work/needed"
      [ -z "$dry_run" ] || return 0
      cd "$target" || fail "cannot enter $target"
      # shellcheck source=/dev/null # made by plan
      . "$work/make"
    }

    # Mode incremental. Owners before attributes and modes, which a change of owner takes away; folders' modes last.
    # shellcheck source=/dev/null # made by plan
    set_metadata() {
      rm -rf "$store"; store=
      if [ "$(id -u)" -eq 0 ]; then
        . "$work/owners"
      else
        say "not run by root: all files belong to you"
      fi
      case $(setfattr --version 2>/dev/null) in
        setfattr*) . "$work/attributes" ;;
        *) if [ -s "$work/attributes.tsv" ]; then
             say "not set, because setfattr (package attr) is not installed:"
             awk -F '\t' '{ print "recover:   " $2 " of " $1 }' "$work/attributes.tsv" >&2
             incomplete=1
           fi ;;
      esac
      . "$work/modes"
      fractions=1; : >"$work/time"
      if ! touch -d @0.5 "$work/time" 2>/dev/null; then
        say "this touch knows no parts of seconds: times are set to whole ones"
        fractions=; incomplete=1
      fi
      . "$work/times"
      . "$work/folder-modes"
    }

    # Every restored file against its SHA-256 in the manifest.
    check_files() {
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
      [ $wrong -eq 0 ] || damaged "not everything in $target is as it was"
    }

    # main
    read_arguments "$@"
    [ -n "$set_name" ] || { list_snapshots; exit 0; }
    for tool in gpg zstd tar sha256sum awk mktemp mkfifo xargs; do
      command -v "$tool" >/dev/null || fail "$tool is not installed"
    done
    choose_snapshot
    work=$(mktemp -d "${TMPDIR:-/tmp}/recover.XXXXXX") || fail "no temporary directory"
    case $work in /*) ;; *) work=$PWD/$work ;; esac
    incomplete=''

    open_manifest
    read_description
    check_volume_table
    check_stored_volumes
    [ "$mode" = incremental ] || list_digests
    [ -n "$dry_run" ] || mkdir -p "$target" || fail "cannot make $target"
    if [ "$mode" = full ]; then restore_stream; else restore_chunks; fi
    rm -f "$work/volume"
    if [ -n "$dry_run" ]; then
      say "sound: every volume decrypts to what the manifest says"
      exit 0
    fi
    check_files
    [ "$mode" = full ] || set_metadata
    say "restored and checked: $(($(wc -l <"$work/sums") + $(wc -l <"$work/odd"))) files in $target"
    [ -z "$incomplete" ] || exit 3
    exit 0

    """#
}
