#!/bin/bash
# Builds the two Debian packages into .build/packages, and looks at them with lintian. `make deb` calls it once the
# programs are built.
# usage: build-packages.sh
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/.build/packages

version=$(sed -n 's/^public let redoubtVersion = "\(.*\)"$/\1/p' Sources/Repository/Version.swift)
packaged=$(dpkg-parsechangelog -S Version)
if [ "$version" != "$packaged" ]; then
  echo "debian/changelog is about version $packaged, Sources/Repository/Version.swift about $version" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$target"
mkdir -p "$target"
export DEB_PACKAGES=$target
# Nobody's own settings, and the same text whoever builds.
export LC_ALL=C.UTF-8
if ! dpkg-buildpackage -b -us -uc --changes-file="$target/redoubt.changes" --changes-option="-u$target" \
  --buildinfo-file="$target/redoubt.buildinfo" --buildinfo-option="-u$target" >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  exit 1
fi
debian/rules clean >>"$log" 2>&1
lintian --allow-root --fail-on error,warning "$target/redoubt.changes"
(cd "$target" && sha256sum ./*.deb)
