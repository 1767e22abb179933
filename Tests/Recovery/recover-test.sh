#!/bin/bash
# Makes a snapshot by hand, as redoubt-format(5) describes it, with gpg, zstd, GNU tar and bsdtar; recovers it with
# recover-1.sh; then damages it in every way a store can and expects to be refused.
#
# usage: recover-test.sh RECOVER_SCRIPT [-b] SHELL [ARGUMENT…]     e.g. recover-test.sh recover-1.sh busybox sh
#   -b  let the script find BusyBox's awk, sed, sha256sum and so on before the system's own
# Prints "ok" or "not ok" and the case's name for each; exit status 0 only where all are ok.
set -euo pipefail
export LC_ALL=C
recover=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
shift
applets=''
if [ "$1" = -b ]; then applets=1; shift; fi
shell=("$@")

# Short: gpg-agent's socket must fit into 108 bytes.
work=$(mktemp -d /tmp/rt.XXXXXX)
export GNUPGHOME=$work/g TMPDIR=$work/tmp
unset XDG_RUNTIME_DIR
clean_up() {
  for home in "$work"/g "$work"/p "$work"/s; do
    if [ -d "$home" ]; then gpgconf --homedir "$home" --kill all; fi
  done
  chmod -R u+rwx "$work"
  rm -rf "$work"
}
trap clean_up EXIT
mkdir -m 700 "$GNUPGHOME" "$TMPDIR"
quiet_gpg() { gpg --batch --quiet --no-tty --passphrase '' --pinentry-mode loopback --trust-model always "$@"; }

# What the script finds first in PATH: stand-ins that a case puts into bin, then BusyBox's applets. Its tar and
# touch do less than the script asks for.
mkdir "$work/bin" "$work/applets"
if [ -n "$applets" ]; then busybox --install -s "$work/applets"; rm "$work/applets/tar" "$work/applets/touch"; fi

# Keys

new_key() { quiet_gpg --quick-generate-key "$@" 2>>"$work/log"; }
fingerprint() { gpg --with-colons --list-keys "$1" 2>/dev/null | awk -F: '$1 == "fpr" { print $10; exit }'; }
new_key signer@example.com ed25519 sign never
new_key stranger@example.com ed25519 sign never
new_key recipient@example.com future-default default never
signer=$(fingerprint signer@example.com)
stranger=$(fingerprint stranger@example.com)

# A tree that is hard to back up

tree=$work/tree
hard=$tree/opt/convex
mkdir -p "$hard/read-only" "$hard/empty folder"
printf 'sealed\n' >"$hard/peer-keys.dat"
head -c 3000000 /dev/urandom >"$hard/etch.0001"
: >"$hard/empty"
printf one >"$hard/"$'new\nline'
printf two >"$hard/"$'ends in newline\n'
printf three >"$hard/back\\slash 100% \$(touch pwned) \`id\`"
printf four >"$hard/"$'not UTF-8 \377\303('
printf five >"$hard/"$'carriage return\r'
printf six >"$hard/ - leading '\"#~*?[x]"
printf seven >"$hard/-n"
printf eight >"$hard/$(printf 'x%.0s' {1..255})"
printf nine >"$hard/"$'\\012'
printf ten >"$hard/read-only/inside"
ln "$hard/peer-keys.dat" "$hard/hard-link"
ln -s ../nowhere "$hard/dangling"
mkfifo "$hard/fifo"
truncate -s 4M "$hard/sparse"
printf end | dd of="$hard/sparse" bs=1 seek=2M conv=notrunc status=none
setfattr -n user.comment -v 'kept' "$hard/peer-keys.dat"
setfacl -m u:1234:r,g:4321:rw "$hard/peer-keys.dat"
chmod 4711 "$hard/-n"
chmod 555 "$hard/read-only"
touch -d '2001-02-03T04:05:06.123456789Z' "$hard/peer-keys.dat" "$hard/read-only"
[ "$(id -u)" -ne 0 ] || chown 1234:4321 "$hard/etch.0001"

# Type, mode, owner, size, nanosecond time and link target, then digests, ACLs and attributes: two equal trees give
# equal text.
describe() (
  cd "$1"
  find opt -printf '%y %#m %U:%G %s %T@ %l %p\0' | sed -z 's/^\(d [^ ]* [^ ]*\) [0-9]*/\1/' | sort -z | tr '\0' '\n'
  find opt -type f -print0 | sort -z | xargs -0 sha256sum
  find opt -not -type l -print0 | sort -z | xargs -0 getfacl -n
  find opt -type f -print0 | sort -z | xargs -0 getfattr -d
)
describe "$tree" >"$work/description"

# The snapshot

seal() { quiet_gpg --compress-algo none --encrypt --recipient recipient@example.com "$@"; }
sha256() { sha256sum "$1" | cut -d' ' -f1; }

# manifest FOLDER SIGNER: $work/manifest/* as the manifest of FOLDER.
manifest() {
  tar -cf - -C "$work/manifest" snapshot.json volumes.tsv files.mtree | zstd -q |
    seal --sign --local-user "$2" --yes --output "$1/manifest.tar.zst.gpg"
}

# snapshot ID SIGNER: the tree as the snapshot ID under $work/peer-1.
snapshot() {
  local folder=$work/peer-1/keys/$1 number=0 piece volume
  mkdir -p "$folder" "$work/manifest" "$work/pieces"
  rm -f "$work/pieces"/*
  tar -cf "$work/tar" --sort=name --format=pax --xattrs --acls --sparse -C "$tree" opt
  split -b 1000000 -a 6 -d "$work/tar" "$work/pieces/"
  printf '#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid\n' >"$work/manifest/volumes.tsv"
  for piece in "$work/pieces"/*; do
    number=$((number + 1))
    volume=$(printf 'volume-%06d.tar.zst.gpg' $number)
    zstd -q "$piece" -o "$piece.zst"
    seal --output "$folder/$volume" "$piece.zst"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t0\t0\t%s\n' "keys/$1/$volume" "$(stat -c %s "$folder/$volume")" \
      "$(sha256 "$folder/$volume")" "$(stat -c %s "$piece.zst")" "$(sha256 "$piece.zst")" "$(stat -c %s "$piece")" $number \
      >>"$work/manifest/volumes.tsv"
  done
  (cd "$tree" && bsdtar -cf - --format=mtree --options='!all,type,mode,uid,gid,size,time,link,sha256' ./opt) |
    sed 's|^opt|./opt|' >"$work/manifest/files.mtree"
  cat >"$work/manifest/snapshot.json" <<END
{
  "bytes" : 7000000,
  "entries" : 20,
  "files" : 15,
  "findings" : [
    {
      "code" : "unreadable",
      "detail" : "permission denied",
      "path" : "./opt/convex/\\"id\\" : \\"x\\""
    }
  ],
  "host" : "peer-1",
  "id" : "$1",
  "mode" : "full",
  "paths" : [
    "/opt/convex \\"mode\\" : \\"other\\""
  ],
  "set" : "keys",
  "v" : 1
}
END
  manifest "$folder" "$2"
}
old=20261120T020000Z-0001 new=20261121T020000Z-7f3a
snapshot $old "$signer"
snapshot $new "$signer"
mkdir -p "$work/peer-1/keys/20261122T020000Z-beef" # a run that never finished: no manifest
cp -r "$work/manifest" "$work/manifest-of-new"

# Cases

failed=0
outcome() { # NAME, then whether it holds
  if "${@:2}"; then echo "ok ${shell[*]}: $1"; else echo "not ok ${shell[*]}: $1"; cat "$work/out"; failed=1; fi
}
status=0
recover() {
  status=0
  PATH=$work/bin:$work/applets:$PATH "${shell[@]}" "$recover" "$@" </dev/null >"$work/out" 2>&1 || status=$?
}
leftovers() { find "$TMPDIR" -mindepth 1 | grep -q . && echo "left in TMPDIR" >>"$work/out"; }
says() { grep -q -- "$1" "$work/out" || { echo "does not say: $1" >>"$work/out"; return 1; }; }
fresh() { rm -rf "$work/copy"; cp -r "$work/peer-1" "$work/copy"; folder=$work/copy/keys/$new; volume=$folder/volume-000002.tar.zst.gpg; }
target() { chmod -R u+rwx "$work/target" 2>/dev/null || true; rm -rf "$work/target"; }
nothing_written() { [ ! -e "$work/target" ] || [ -z "$(ls -A "$work/target")" ] || { echo "something was written" >>"$work/out"; return 1; }; }
refused() { # STATUS MESSAGE
  [ "$status" -eq "$1" ] && says "$2" && nothing_written && ! leftovers || { echo "exit status $status" >>"$work/out"; return 1; }
}
expect_refusal() { # NAME STATUS MESSAGE [OPTION…]
  target
  recover "${@:4}" "$work/copy" keys "$work/target"
  outcome "$1" refused "$2" "$3"
}

same() { # STATUS
  [ "$status" -eq "$1" ] && ! leftovers && [ ! -e pwned ] && [ ! -e "$work/target/pwned" ] || return 1
  describe "$work/target" >"$work/restored" 2>&1
  diff "$work/description" "$work/restored" >>"$work/out"
}
fresh
target
recover -k "$signer" "$work/copy" keys "$work/target"
outcome 'the latest snapshot is restored, every file and its metadata' same 0
outcome 'the signer is named' says "signed by $signer"
outcome "the node's findings are shown" says '"detail" : "permission denied"'
target
recover -o "$old" "$work/copy" keys "$work/target"
outcome 'an older snapshot is restored' same 0
target
recover -n "$work/copy" keys
outcome 'a check restores nothing' refused 0 'sound'
recover "$work/copy"
outcome 'snapshots are listed' says "keys $new"

flip() { # FILE OFFSET: another byte there
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
size=$(stat -c %s "$volume")
for offset in 0 $((size / 2)) $((size - 1)); do
  fresh
  flip "$volume" $offset
  expect_refusal "byte $offset of a volume flipped" 4 'wrong size or SHA-256'
done
size=$(stat -c %s "$folder/manifest.tar.zst.gpg")
fresh; flip "$folder/manifest.tar.zst.gpg" $((size / 2)); expect_refusal 'byte in the middle of the manifest flipped' 4 damaged
fresh; flip "$folder/manifest.tar.zst.gpg" $((size - 1)); expect_refusal 'last byte of the manifest flipped' 4 damaged
fresh; flip "$folder/manifest.tar.zst.gpg" 0; expect_refusal 'first byte of the manifest flipped' 1 'cannot be decrypted'
# A message from a pipe is a row of pieces, each with its length before it. Where the last one is empty, the last byte is
# its length, and gpg gives up before it says that it decrypts.
fresh
for size in 6091 $(seq 6000 6144); do
  head -c "$size" /dev/zero | seal --yes --output "$folder/manifest.tar.zst.gpg"
  [ "$(tail -c 1 "$folder/manifest.tar.zst.gpg" | od -An -tu1 | tr -d ' ')" -ne 0 ] || break
done
flip "$folder/manifest.tar.zst.gpg" $(($(stat -c %s "$folder/manifest.tar.zst.gpg") - 1))
expect_refusal 'the last length in the manifest flipped' 4 damaged
fresh; truncate -s -1 "$volume"; expect_refusal 'a volume cut short' 4 'wrong size'
fresh; rm "$volume"; expect_refusal 'a volume missing' 4 'missing: keys/'
fresh; mv "$volume" "$work/t"; mv "$folder/volume-000001.tar.zst.gpg" "$volume"; mv "$work/t" "$folder/volume-000001.tar.zst.gpg"
expect_refusal 'volumes swapped' 4 'wrong size or SHA-256'
fresh; cp "$work/copy/keys/$old/volume-000002.tar.zst.gpg" "$volume"; expect_refusal "an older snapshot's volume" 4 'SHA-256'
fresh; cp "$work/copy/keys/$old"/* "$folder"; expect_refusal 'an older snapshot replayed under a newer name' 4 'belongs to the snapshot'
fresh; mv "$work/copy/keys" "$work/copy/other"; target
recover "$work/copy" other "$work/target"
outcome 'a set under another name' refused 4 'belongs to the set'
fresh; truncate -s 0 "$folder/manifest.tar.zst.gpg"; expect_refusal 'an empty manifest' 1 'cannot be decrypted'

# Forged manifests, each rightly signed unless the case says otherwise
forge() { # SIGNER [SED_EXPRESSION FILE]
  fresh
  rm -rf "$work/manifest"; cp -r "$work/manifest-of-new" "$work/manifest"
  [ $# -lt 2 ] || sed -i "$2" "$work/manifest/$3"
  manifest "$folder" "$1"
}
forge "$stranger"; expect_refusal 'signed by another than the one asked for' 4 "is signed by $stranger" -k "$signer"
forge "$signer"
tar -cf - -C "$work/manifest" snapshot.json volumes.tsv files.mtree | zstd -q | seal --yes --output "$folder/manifest.tar.zst.gpg"
expect_refusal 'not signed' 4 'is not signed'
tar -cf - -C "$work/manifest" snapshot.json volumes.tsv files.mtree | zstd -q |
  quiet_gpg --sign --local-user "$signer" --yes --output "$folder/manifest.tar.zst.gpg"
expect_refusal 'signed but not encrypted' 1 'cannot be decrypted'
forge "$signer" 's/"v" : 1/"v":2/' snapshot.json; expect_refusal 'a newer format' 1 'format version 2'
forge "$signer" 's/"mode" : "full"/"mode":"later"/' snapshot.json; expect_refusal 'an unknown mode' 1 'mode later'
forge "$signer" 's|keys/2026[^/]*/volume-000001|keys/../../../etc/passwd|' volumes.tsv; expect_refusal 'a key with ..' 4 'key out of place'
forge "$signer" 's|^keys/2026[^/]*/volume-000001|/etc/volume-000001|' volumes.tsv; expect_refusal 'an absolute key' 4 'key out of place'
forge "$signer" 's/plain-size/plain-bytes/' volumes.tsv; expect_refusal 'unknown columns' 4 'unknown columns'
forge "$signer" 2d volumes.tsv; expect_refusal 'a volume left out of the list' 4 'key out of place'
forge "$signer" '2,9d' volumes.tsv; expect_refusal 'an empty list' 4 'no volume'
forge "$signer" 's|^\./opt/convex/empty |./opt/../../empty |' files.mtree; expect_refusal 'a name with ..' 4 'outside the tree'
forge "$signer" 's|^\./opt/convex/empty |./opt/\\056\\056/empty |' files.mtree; expect_refusal 'a name with .. in octal' 4 'outside the tree'

# What is found only once something has been written
late() { [ "$status" -eq 4 ] && says "$1" && ! leftovers; }
plain=$(awk -F'\t' 'NR == 3 { print $5 }' "$work/manifest-of-new/volumes.tsv")
forge "$signer" "s/$plain/$(printf 0%.0s {1..64})/" volumes.tsv
target; recover "$work/copy" keys "$work/target"
outcome 'a volume that holds something else' late 'holds something else'
# The first volume ends inside this file. A slow tar is stopped before it has even made it.
only_the_first() {
  local file=$work/target/opt/convex/etch.0001
  { [ ! -e "$file" ] || [ "$(stat -c %s "$file")" -lt 1000000 ]; } && [ ! -e "$work/target/opt/convex/sparse" ]
}
outcome 'nothing of that volume is written' only_the_first
digest=$(printf one | sha256sum | cut -d' ' -f1)
forge "$signer" "s/$digest/$(printf 0%.0s {1..64})/" files.mtree
target; recover "$work/copy" keys "$work/target"
outcome 'a file with an odd name and another digest' late 'damaged: ./opt/convex/new.012line'
digest=$(printf seven | sha256sum | cut -d' ' -f1)
forge "$signer" "s/$digest/$(printf 0%.0s {1..64})/; s|^\\./opt/convex/empty |./opt/convex/absent |" files.mtree
target; recover "$work/copy" keys "$work/target"
outcome 'a file with another digest' late 'damaged: ./opt/convex/-n: FAILED'
outcome 'a file that the archive does not have' late 'damaged: ./opt/convex/absent'

# Usage
fresh
mkdir -p "$work/full"; touch "$work/full/file"
recover "$work/copy" keys "$work/full"; outcome 'a target that is not empty' [ $status -eq 1 ]
recover "$work/copy" keys; outcome 'no target' [ $status -eq 64 ]
recover "$work/copy" ../keys "$work/target"; outcome 'a set with a slash' [ $status -eq 64 ]
target
recover -o ../x "$work/copy" keys "$work/target"; outcome 'a snapshot with a slash' [ $status -eq 64 ]
recover "$work/copy" absent "$work/target"; outcome 'no such set' [ $status -eq 1 ]
recover -k 1234 "$work/copy" keys "$work/target"; outcome 'a short key id' [ $status -eq 64 ]

# Other key rings: without the signer's key; without the private key
mkdir -m 700 "$work/p" "$work/s"
quiet_gpg --export-secret-keys recipient@example.com >"$work/secret"
GNUPGHOME=$work/p quiet_gpg --import "$work/secret" 2>>"$work/log"
fresh
warned() { says 'WARNING: nothing shows who made it' && same 0; }
target; GNUPGHOME=$work/p recover "$work/copy" keys "$work/target"; outcome 'an unknown signer is warned of' warned
GNUPGHOME=$work/p expect_refusal 'an unknown signer where it is asked for' 1 'is not in your keyring' -k "$signer"
GNUPGHOME=$work/p expect_refusal 'an unknown signer where another is asked for' 4 "not by $stranger" -k "$stranger"
GNUPGHOME=$work/s expect_refusal 'no private key' 1 'cannot be decrypted'

# Stand-ins for its tools
tool() { rm -f "$work/bin"/*; printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"; chmod +x "$work/bin/$1"; }
zstd=$(command -v zstd) tar=$(command -v tar)
fresh
tool tar 'exec bsdtar "$@"'
target; recover "$work/copy" keys "$work/target"; outcome 'restored by bsdtar' same 3 # it warns of the name that is not UTF-8, which GNU tar wrote as it is
tool tar "case \" \$* \" in *' -x '*) head -c 10 >/dev/null; exit 2;; esac; exec $tar \"\$@\""
target; recover "$work/copy" keys "$work/target"
stopped() { [ "$status" -eq 1 ] && says 'tar with 2' && ! leftovers; }
outcome 'tar stops half-way' stopped
tool tar "case \" \$* \" in *' -x '*) $tar \"\$@\"; exit 2;; esac; exec $tar \"\$@\""
target; recover "$work/copy" keys "$work/target"
in_part() { [ "$status" -eq 3 ] && says 'tar ended with status 2' && ! leftovers; }
outcome 'tar could not set something' in_part
tool zstd "if [ \"\$1\" = -dcq ]; then kill -TERM \$PPID; fi; exec $zstd \"\$@\""
target; recover "$work/copy" keys "$work/target"
ended() { [ "$status" -eq 143 ] && ! leftovers; }
outcome 'ended by a signal' ended
rm "$work/bin"/*

# shellcheck source=Tests/Recovery/incremental-cases.sh
. "$here/incremental-cases.sh"
exit $failed
