#!/bin/bash
# Takes out of a stripped program what differs between two builds of the same source: Swift's hash of each module
# (.swift_modhash, which goes by the folder it was compiled in, and which nothing reads at run time) becomes zeros, and the
# build id, which the linker made of that, the SHA-1 of what is left. In place: objcopy would lose the program's RELRO.
# usage: normalize-program.sh PROGRAM…
set -euo pipefail

section() { # PROGRAM NAME: its offset and its length, in decimal
  local -a field
  read -ra field < <(readelf -SW "$1" | sed -n "s/^ *\[ *[0-9]*\] \(${2//./\\.} .*\)/\1/p")
  [ "${#field[@]}" -gt 4 ] || return 0
  echo "$((16#${field[3]})) $((16#${field[4]}))"
}
zero() { # PROGRAM OFFSET LENGTH
  dd if=/dev/zero of="$1" bs=1 seek="$2" count="$3" conv=notrunc status=none
}

for program in "$@"; do
  read -r offset length < <(section "$program" .swift_modhash) && zero "$program" "$offset" "$length"
  # An ELF note: 16 bytes of header and name, then the id.
  if read -r offset length < <(section "$program" .note.gnu.build-id) && [ "$length" -eq 36 ]; then
    zero "$program" $((offset + 16)) 20
    id=$(sha1sum <"$program")
    # shellcheck disable=SC2059,SC2001 # the bytes are the format; a pattern with each pair
    printf "$(sed 's/../\\x&/g' <<<"${id%% *}")" | dd of="$program" bs=1 seek=$((offset + 16)) conv=notrunc status=none
  fi
done
