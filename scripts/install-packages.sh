#!/bin/sh
# Installs those of the named Debian packages that are missing, as root or through sudo.
# usage: install-packages.sh PACKAGE…
set -eu
missing=''
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) || status=''
  case $status in ii*) ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0

cannot() {
  echo "cannot install packages: $1" >&2
  echo "hint: install these by hand, then try again:$missing" >&2
  exit 1
}
command -v apt-get >/dev/null || cannot "this system has no apt-get (the names are Debian's)"
if [ "$(id -u)" -eq 0 ]; then
  as_root() { "$@"; }
else
  command -v sudo >/dev/null || cannot "neither root nor sudo"
  as_root() { sudo "$@"; }
fi
echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # the words are package names
if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  cannot "apt-get failed"
fi
