#!/bin/sh
# Installs PostgreSQL's programs where they are missing, without the database cluster and the service that Debian's
# packages would make and start: tests run servers of their own.
set -eu
scripts=$(dirname "$0")
for program in /usr/lib/postgresql/*/bin/initdb; do
  if [ -x "$program" ]; then exit 0; fi
done
"$scripts/install-packages.sh" postgresql-common
if [ "$(id -u)" -eq 0 ]; then as_root() { "$@"; }; else as_root() { sudo "$@"; }; fi
settings=/etc/postgresql-common/createcluster.conf
line='create_main_cluster = false # for one installation'
restore() { as_root sed -i '/# for one installation$/d' "$settings"; }
trap restore EXIT
echo "$line" | as_root tee -a "$settings" >/dev/null
"$scripts/install-packages.sh" postgresql
