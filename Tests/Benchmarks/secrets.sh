#!/bin/sh
# What looking for secrets costs: first backups of one tree, with and without, in turns; prints each run's processor
# seconds (its gpg's among them) and the ratio of the medians.
# usage: secrets.sh PROGRAM TREE [ROUNDS]
set -eu
program=$(realpath "$1")
tree=$(realpath "$2")
rounds=${3:-5}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/redoubt-secrets.XXXXXX")
trap 'gpgconf --homedir "$work/keeper" --kill all; gpgconf --homedir "$work/state/gnupg" --kill all; rm -rf "$work"' EXIT
mkdir -m 700 "$work/keeper"
gpg() { command gpg --homedir "$work/keeper" --batch --quiet --no-tty "$@"; }
gpg --passphrase '' --quick-generate-key bench@example.com future-default default 1d 2>/dev/null
gpg --armor --export bench@example.com >"$work/key.asc"
"$program" init --host bench --state "$work/state" --recipient-key "$work/key.asc" --config "$work/made.toml" >/dev/null

one() { # NAME SETTING: processor seconds of a first backup
  rm -rf "$work/disk" "$work/state/node.json" "$work/state/catalog.jsonl" "$work/state/outbox"
  mkdir "$work/disk"
  cat >"$work/$1.toml" <<END
host = "bench"
state = "$work/state"
[keys]
gnupg-home = "$work/state/gnupg"
recipients = ["bench@example.com"]
signer = "redoubt@bench"
[[destination]]
name = "disk"
kind = "directory"
location = "offsite"
path = "$work/disk"
[[set]]
name = "tree"
class = "client-database"
paths = ["$tree"]
$2
destinations = ["disk"]
END
  command time -f '%U %S' -o "$work/time" "$program" backup --config "$work/$1.toml" --json >"$work/out" 2>&1 || {
    status=$?
    [ "$status" -eq 3 ] || { cat "$work/out" >&2; exit "$status"; }
  }
  awk '{ print $1 + $2 }' "$work/time"
}

one warm 'secrets = "warn"' >/dev/null
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  one without "secrets-allow = [\"$tree\"]" >>"$work/without"
  one with 'secrets = "warn"' >>"$work/with"
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo "without: $(tr '\n' ' ' <"$work/without")"
echo "with:    $(tr '\n' ' ' <"$work/with")"
awk -v a="$(median "$work/without")" -v b="$(median "$work/with")" \
  'BEGIN { printf "median: %.2f s without, %.2f s with: %+.1f %%\n", a, b, (b / a - 1) * 100 }'
