#!/bin/sh
# Writes Sources/Repository/Recovery/*.swift anew from Fixtures/recovery: run it after a change to the recovery script or
# its guide. (SwiftPM's resources would need Foundation, so the texts are string literals.)
set -eu
cd "$(dirname "$0")/.."
swift=Sources/Repository/Recovery script=Fixtures/recovery/recover-1.sh guide=Fixtures/recovery/RECOVER-1.md
if grep -Fn -e '"""' -e '\#' "$script" "$guide"; then
  echo "these would end or change the Swift literal" >&2
  exit 1
fi
literal() { sed 's/^\(.\)/    \1/' "$1"; printf '\n    """#\n}\n'; }
{
  cat <<'END'
/// What is stored in plain text beside the snapshots, so that they can be restored without Redoubt.
///
/// An object is never overwritten, so a change to either text that is already stored somewhere needs a new name
/// (`recover-2.sh`). Equal copies are in `Fixtures/recovery`, where shellcheck and the recovery tests read them; a test
/// holds them equal, `scripts/embed-recovery.sh` makes them so.
public enum Recovery {
  /// The script's object name below `<prefix>/<host>/`.
  public static let scriptName = "recover-1.sh"

  /// A POSIX shell script that needs gpg, zstd, tar, sha256sum and awk.
  public static let script = #"""
END
  literal "$script"
} >"$swift/RecoverScript.swift"
{
  cat <<'END'
extension Recovery {
  /// The guide's object name below `<prefix>/<host>/`.
  public static let guideName = "RECOVER-1.md"

  /// How to restore with the script, and by hand.
  public static let guide = #"""
END
  literal "$guide"
} >"$swift/RecoverGuide.swift"
