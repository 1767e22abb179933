#!/bin/bash
# Everything that is checked without building: formatting, shell scripts, Python, manual pages. A warning is an error.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0
check() { # NAME COMMAND…
  if "${@:2}"; then echo "lint: $1: ok"; else echo "lint: $1: failed" >&2; failed=1; fi
}

check 'swift format' swift format lint --strict --recursive Package.swift Sources Tests

mapfile -t scripts < <(grep -rlE -m 1 '^#!/(usr/bin/env |bin/)(ba|da)?sh' .ci debian scripts Fixtures Tests | sort)
check "shellcheck (${#scripts[@]} scripts)" shellcheck "${scripts[@]}"

mapfile -t programs < <(find scripts Tests Fixtures -name '*.py' | sort)
compiles() { python3 -c 'import ast, sys; [ast.parse(open(p).read(), p) for p in sys.argv[1:]]' "$@"; }
check "python (${#programs[@]} files)" compiles "${programs[@]}"

# "unknown manual" and the like are about other pages of this system, not about these.
manual() { mandoc -T lint -W warning man/*.[157]; }
check 'mandoc' manual

exit $failed
