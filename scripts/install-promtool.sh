#!/bin/bash
# Prometheus's promtool for the tests, taken out of Debian's package: installing that package would start a server, and
# bring the libraries of its web pages.
# usage: install-promtool.sh                installs it where it is missing
#        install-promtool.sh --print-path   installs nothing; prints where it is
set -euo pipefail
if command -v promtool >/dev/null; then
  [ "${1:-}" != --print-path ] || command -v promtool
  exit
fi
folder=${REDOUBT_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/redoubt-tests}/prometheus
if [ "${1:-}" = --print-path ]; then
  echo "$folder/promtool"
  exit
fi
[ ! -x "$folder/promtool" ] || exit 0

cannot() {
  echo "cannot install promtool: $1" >&2
  echo "hint: put promtool on PATH, then try again" >&2
  exit 1
}
command -v apt-get >/dev/null || cannot "this system has no apt-get (the package's name is Debian's)"
mkdir -p "$folder"
(
  flock 9
  [ ! -x "$folder/promtool" ] || exit 0
  echo 'installing: promtool (of the package prometheus)'
  work=$(mktemp -d "$folder/package.XXXXXX")
  # Its user is another one where apt-get runs as root.
  chmod 755 "$work"
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  if ! apt-get download -q prometheus >log 2>&1; then
    as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
    as_root apt-get update -q >log 2>&1 && apt-get download -q prometheus >>log 2>&1 || {
      tail -n 20 log >&2
      cannot "apt-get failed"
    }
  fi
  dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
  mv usr/bin/promtool "$folder/promtool"
) 9>"$folder/lock"
