# shellcheck shell=bash
# What the server scripts share. Each server lives in a folder of its own, which the caller names:
#   FOLDER/*.pid    processes, stopped by these numbers alone
#   FOLDER/ready    written last: endpoint=…, access-key=…, secret-key=… and what else the server offers
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${REDOUBT_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/redoubt-tests}
venv=$cache/python-$(sha256sum <"$here/requirements.txt" | cut -c1-12)

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs the Debian packages that are missing.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  as_root apt-get update -q >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# Makes the virtual environment with the packages of requirements.txt; at once where it is there already.
need_python() {
  [ -e "$venv/complete" ] && return
  mkdir -p "$cache"
  (
    flock 9
    [ -e "$venv/complete" ] && exit
    rm -rf "$venv"
    python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" >&2
    touch "$venv/complete"
  ) 9>"$cache/lock"
}

# A port of 127.0.0.1 that nothing listens on, below those that the kernel gives out by itself.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

random_hex() { head -c "$1" /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# launch NAME COMMAND…: starts a process in a session of its own; its output goes to NAME.out.
launch() {
  local name=$1
  shift
  setsid "$@" >"$folder/$name.out" 2>&1 </dev/null &
  echo $! >"$folder/$name.pid"
}

# until_answers URL: waits at most a minute for any HTTP answer.
until_answers() {
  local _
  for _ in $(seq 600); do
    curl -s -o /dev/null --noproxy '*' "$1" && return
    sleep 0.1
  done
  tail -n 20 "$folder"/*.out >&2
  die "$1 does not answer"
}

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$folder/key.pem" -out "$folder/ca.pem" 2>/dev/null
}

# Stops what the pid files name and waits until all are gone.
stop_all() {
  local file pid _
  for file in "$folder"/*.pid; do
    [ -e "$file" ] || return 0
    kill "$(cat "$file")" 2>/dev/null || true
  done
  for file in "$folder"/*.pid; do
    pid=$(cat "$file")
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    # What it started shares its session's process group.
    kill -9 -- "-$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

# Stops the server and removes its folder once the process PARENT is gone, however that ended, and this script with it.
watch_parent() {
  # shellcheck disable=SC2016 # the inner shell expands its own arguments
  setsid bash -c 'while kill -0 "$1" || kill -0 "$2"; do sleep 1; done; "$3" stop "$4"' \
    watcher "$1" "$$" "$here/$(basename "$0")" "$folder" >/dev/null 2>&1 </dev/null &
}

# main COMMAND [FOLDER [PARENT]]: the same three commands for each server, over its own `install_server` and `start_server`.
main() {
  case ${1:-} in
  install)
    install_server
    ;;
  start)
    [ -n "${2:-}" ] || die "usage: $(basename "$0") start FOLDER [PARENT-PID]"
    install_server
    mkdir -p "$2"
    folder=$(cd "$2" && pwd)
    [ -z "$(ls -A "$folder")" ] || die "$folder is not empty: each start has a folder of its own"
    chmod 700 "$folder"
    started=
    trap '[ -n "$started" ] || stop_all' EXIT
    if [ -n "${3:-}" ]; then watch_parent "$3"; fi
    start_server >"$folder/ready.part"
    mv "$folder/ready.part" "$folder/ready"
    started=yes
    cat "$folder/ready"
    ;;
  stop)
    [ -d "${2:-}" ] || exit 0
    folder=$(cd "$2" && pwd)
    stop_all
    rm -rf "$folder"
    ;;
  *) die "usage: $(basename "$0") install | start FOLDER [PARENT-PID] | stop FOLDER" ;;
  esac
}
