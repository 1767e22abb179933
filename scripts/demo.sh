#!/bin/bash
# Redoubt from end to end on sample data, with throwaway keys, in a temporary folder that is removed again.
# usage: demo.sh [FOLDER_OF_PROGRAMS]        DEMO_KEEP=1 keeps the folder
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$(realpath "${1:-.build/release}")
fixtures=$PWD/Fixtures
# Short, because gpg-agent's socket lies below it.
work=$(mktemp -d /tmp/redoubt-demo.XXXXXX)
node=$work/node keeper=$work/keeper data=$work/data

clean_up() {
  for home in "$node/gnupg" "$keeper/gnupg"; do
    if [ -d "$home" ]; then gpgconf --homedir "$home" --kill all || true; fi
  done
  if [ -n "${DEMO_KEEP:-}" ]; then echo "kept: $work"; else chmod -R u+rwx "$work"; rm -rf "$work"; fi
}
trap clean_up EXIT

if [ -t 1 ]; then bold=$(tput bold || true) plain=$(tput sgr0 || true); else bold='' plain=''; fi
exec 3>&1 # commands are shown even where their output is not
step() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }
tell() { printf '%s\n' "$@"; }
# Shows a command as one would type it, then runs it.
run() {
  local shown="${*//$programs\//}"
  printf '%s$ %s%s\n' "$bold" "${shown//$work\//}" "$plain" >&3
  "$@"
}
redoubt() { run "$programs/redoubt" "$@" --config "$node/redoubt.toml"; }
verify() { run "$programs/redoubt-verify" "$@" --config "$keeper/verify.toml"; }

step '1. Two machines: a node with data, and a keeper with the private key'
umask 077
mkdir "$work/offsite" "$work/disk"
gpg_keeper() { gpg --homedir "$keeper/gnupg" --batch --quiet --no-tty "$@"; }

tell 'The keeper makes the key that backups are encrypted to, and hands out its public part:' ''
verify init --state "$keeper" >/dev/null
gpg_keeper --passphrase '' --quick-generate-key 'Backup <backup@example.com>' future-default default 1y 2>/dev/null
gpg_keeper --armor --export backup@example.com >"$work/backup.asc"
tell '' 'The node makes a signing key and hands out its public part. It can write backups and read none:' ''
redoubt init --host peer-1 --state "$node" --recipient-key "$work/backup.asc"
tell '' 'The keeper learns which key the node signs with:' ''
verify init --state "$keeper" --node-key "$node/peer-1-signer.asc" >/dev/null
signer=$(gpg_keeper --with-colons --list-keys redoubt@peer-1 | awk -F: '$1 == "fpr" { print $10; exit }')
tell "$signer" '' 'Then both fill in their configurations.'

mkdir -p "$data"
cp -a "$fixtures/convex-peer/." "$fixtures/flux-provider/." "$data/"
chmod 600 "$data/opt/convex/peer-keys.dat" "$data/opt/convex/keystore.pfx"
ln "$data/opt/convex/conf/peer.properties" "$data/opt/convex/conf/peer.properties.bak"
touch -d '2026-01-02T03:04:05.678901234Z' "$data/opt/convex/peer-keys.dat"
setfattr -n user.note -v 'made in 2026' "$data/opt/convex/peer-keys.dat" 2>/dev/null ||
  tell '(this file system keeps no extended attributes; the demo goes on without)'

cat >"$node/redoubt.toml" <<END
host = "peer-1"
state = "$node"

[keys]
gnupg-home = "$node/gnupg"
recipients = ["backup@example.com"]
signer = "redoubt@peer-1"

[[destination]]
name = "offsite"
kind = "directory"          # "s3" in real life
location = "offsite"
path = "$work/offsite"

[[destination]]
name = "disk"
kind = "directory"
location = "local"
path = "$work/disk"

[[set]]
name = "peer-keys"
class = "node-configurations"
paths = ["$data/opt/convex"]
exclude = ["*.tmp"]
destinations = ["offsite", "disk"]

[[set]]
name = "clients"
class = "client-database"
paths = ["$data/srv/clients"]
destinations = ["offsite"]
END
# Containers often allow no namespaces: there the checks run with limits alone.
isolation=limits
if [ "$(id -u)" -eq 0 ]; then owner=; else owner='--user --map-current-user'; fi
# shellcheck disable=SC2086 # words
if unshare $owner --net --ipc --uts --pid --fork --mount-proc true 2>/dev/null; then isolation=namespace; fi
cat >"$keeper/verify.toml" <<END
state = "$keeper"

[keys]
gnupg-home = "$keeper/gnupg"

[[destination]]
name = "offsite"
kind = "directory"
location = "offsite"
path = "$work/offsite"

[[destination]]
name = "disk"
kind = "directory"
location = "local"
path = "$work/disk"

[[node]]
host = "peer-1"
trusted-signers = ["$signer"]
destinations = ["offsite", "disk"]

[drill]
isolation = "$isolation"

[[check]]                   # what must succeed in the restored tree
name = "clients-are-readable"
set = "clients"
command = ["grep", "-ci", "insert into", "${data#/}/srv/clients/acme/clients.sql"]
END
step '2. On the node: is everything right? Then the backup'
redoubt check
redoubt backup
redoubt status
tell '' 'What a timer runs; nothing is due now:' ''
redoubt backup --due clients

step '3. What is in storage: ordinary files of ordinary tools'
(cd "$work/offsite" && find . -type f -printf '%10s  %P\n' | sort -k 2)

step '4. On the keeper: what is there, and can it be restored? Four levels, each with those before it'
verify list
tell '' 'What no program may store, a person tests. All else is proven by what a timer runs every month:' ''
verify attest wallet-seed-phrases --by 'the demo' --note 'restored the demo wallet from the steel plate'
verify run
tell '' 'Once more: nothing is due, and nothing is fetched but catalogs:' ''
verify run
tell '' 'One by one, the four levels:' ''
for level in present intact readable restored; do verify verify --level "$level"; done

step '5. A drill: restored to scratch space, compared, checked by a program of yours. And would this keeper notice damage?'
verify drill --set clients --destination offsite --by 'the demo'
verify drill --set peer-keys --destination offsite --standard-tools
verify catalog check
verify self-test --set peer-keys

step '6. Storage decays: one byte of one volume at one destination changes'
volume=$(find "$work/disk" -name 'volume-000001.tar.zst.gpg' | head -n 1)
chmod u+w "$volume"
size=$(stat -c %s "$volume")
byte=$(od -An -tu1 -j $((size / 2)) -N 1 "$volume")
printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$volume" bs=1 seek=$((size / 2)) conv=notrunc status=none
status=0
verify verify --level intact || status=$?
tell "exit status $status"
[ "$status" -eq 4 ] || { tell 'expected exit status 4: damage found'; exit 1; }

step '7. The restore, compared with the source: content, owners, modes, times, links'
describe() (
  cd "$1"
  find . -path ./data/cache/\* -prune -o -type d -printf '%y %m %u %g %T@ %p\n' \
    -o -printf '%y %m %u %g %s %T@ %n %l %p\n' | sort
  find . -type f -not -path './data/cache/*' -exec sha256sum {} + | sort
  find . -not -type l -not -path './data/cache/*' -exec getfattr -d {} + 2>/dev/null | sort
)
same() { # FOLDER
  describe "$data/opt/convex" >"$work/before"
  describe "$1$data/opt/convex" >"$work/after"
  diff "$work/before" "$work/after"
  tell "the same, entry for entry: $(find "$1$data/opt/convex" | wc -l) entries (the cache is marked by CACHEDIR.TAG and left out)"
}
verify restore latest --host peer-1 --set peer-keys --destination offsite --target "$work/restored"
same "$work/restored"

step '8. The same without Redoubt: gpg, zstd, tar, and the script that is stored beside the data'
recover() { GNUPGHOME=$keeper/gnupg run env PATH=/usr/bin:/bin sh "$work/offsite/peer-1/recover-1.sh" "$@"; }
recover -k "$signer" "$work/offsite/peer-1" peer-keys "$work/recovered"
same "$work/recovered"

step '9. Everything on one page'
status=0
verify report --html "$work/report.html" || status=$?
[ "$status" -eq 4 ] || { tell "expected exit status 4, as status ends, but it was $status"; exit 1; }
if [ -n "${DEMO_KEEP:-}" ]; then page=$work/report.html; else page=$(mktemp /tmp/redoubt-report.XXXXXX.html) && cp "$work/report.html" "$page"; fi
tell "look at it: $page"

step 'The commands that matter'
tell '  redoubt backup --due                       on the node, from a timer' \
  '  redoubt status                             am I safe?' \
  '  redoubt-verify run                         on the keeper, every month' \
  '  redoubt-verify restore latest --target DIR on the day that counts' '' \
  'README.md shows a real set-up with a bucket; man/redoubt.7 explains the rest.'
