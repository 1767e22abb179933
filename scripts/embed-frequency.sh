#!/bin/sh
# Writes Sources/Policy/FrequencyTableText.swift anew from Schedules/frequency.toml: run it after a change to the table.
set -eu
cd "$(dirname "$0")/.."
table=Schedules/frequency.toml
if grep -Fn -e '"""' -e "\\" "$table"; then
  echo "these would end or change the Swift literal" >&2
  exit 1
fi
{
  cat <<'END'
/// `Schedules/frequency.toml`, so that the programs work without the file; a test holds the two equal,
/// `scripts/embed-frequency.sh` makes them so.
let frequencyTableText = """
END
  sed 's/^\(.\)/  \1/' "$table"
  printf '\n  """\n'
} >Sources/Policy/FrequencyTableText.swift
