#!/bin/sh
# Copies programs, manual pages, completions and schedules to where they belong, or takes them away again.
# usage: [PREFIX=/usr/local] [DESTDIR=] [PROGRAMS=.build/release] [STRIP=-s] install.sh install | uninstall
#
# Whatever is for the node goes to share/redoubt, whatever is for the keeper to share/redoubt-verify, so that packages can
# divide it; what both need is in both.
set -eu
cd "$(dirname "$0")/.."
task=${1:-}
prefix=${PREFIX:-/usr/local} root=${DESTDIR:-} programs=${PROGRAMS:-.build/release} strip=${STRIP--s}
case $task in
  install)
    for program in redoubt redoubt-verify; do
      [ -x "$programs/$program" ] || { echo "nothing is built yet: make build" >&2; exit 1; }
    done ;;
  uninstall) ;;
  *) echo "usage: install.sh install | uninstall" >&2; exit 64 ;;
esac

# put MODE SOURCE TARGET: TARGET is below the prefix; a SOURCE of - is standard input.
put() {
  target=$root$prefix/$3
  if [ "$task" = uninstall ]; then
    rm -f "$target"
    return
  fi
  mkdir -p "${target%/*}"
  case $2 in
    -) rm -f "$target" && cat >"$target" && chmod "$1" "$target" ;;
    "$programs"/*) install ${strip:+"$strip"} -m "$1" "$2" "$target" ;;
    *) install -m "$1" "$2" "$target" ;;
  esac
}
# The same, for text that names where the programs are.
put_text() { # SOURCE TARGET
  if [ "$task" = uninstall ]; then put 644 - "$2"; else
    sed "s,/usr/local/bin/redoubt,$prefix/bin/redoubt,g; s,/usr/local/share/redoubt,$prefix/share/redoubt,g" "$1" |
      put 644 - "$2"
  fi
}
made_by() { # TARGET PROGRAM ARGUMENT…
  target_name=$1 program_name=$2
  shift 2
  if [ "$task" = uninstall ]; then put 644 - "$target_name"; else
    # bash's completion begins like a program, and is none.
    text=$("$programs/$program_name" "$@" | sed '1{/^#!/d}')
    printf '%s\n' "$text" | put 644 - "$target_name"
  fi
}

# Debian's zsh looks below /usr in a folder for packages.
case $prefix in /usr) zsh=share/zsh/vendor-completions ;; *) zsh=share/zsh/site-functions ;; esac
for program in redoubt redoubt-verify; do
  put 755 "$programs/$program" "bin/$program"
  made_by "share/bash-completion/completions/$program" "$program" --generate-completion-script bash
  made_by "$zsh/_$program" "$program" --generate-completion-script zsh
  made_by "share/fish/vendor_completions.d/$program.fish" "$program" --generate-completion-script fish
  put 644 Schedules/frequency.toml "share/$program/frequency.toml"
  for file in Schedules/alerts/*; do put 644 "$file" "share/$program/alerts/${file##*/}"; done
done
made_by share/redoubt/redoubt.toml redoubt init --print
made_by share/redoubt-verify/verify.toml redoubt-verify init --print

for page in man/*.[1-8]; do
  page=${page##*/}
  put_text "man/$page" "share/man/man${page##*.}/$page"
done
# A keeper has these two by its own names.
put_text man/redoubt.7 share/man/man7/redoubt-verify.7
put_text man/redoubt.toml.5 share/man/man5/verify.toml.5

for file in Schedules/cron/* Schedules/systemd/* Schedules/kubernetes/*; do
  case ${file##*/} in *verify*) program=redoubt-verify ;; *) program=redoubt ;; esac
  put_text "$file" "share/$program/${file#Schedules/}"
done

if [ "$task" = uninstall ]; then
  for folder in share/redoubt share/redoubt-verify; do
    [ ! -d "$root$prefix/$folder" ] || find "$root$prefix/$folder" -depth -type d -empty -delete
  done
fi
