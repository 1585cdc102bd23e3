#!/usr/bin/env bash
# Updates the kiosk, and goes back to the version before if the new one does not start.
#
#   sudo ./update.sh TAG            a tag of the clone that this script lies in
#   sudo ./update.sh --wheel FILE.whl
set -euo pipefail

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
readonly VENV=/opt/heirloom/venv BEFORE=/opt/heirloom/venv.before

fail() { echo "update.sh: $*" >&2; exit 1; }

(($#)) || fail "name a tag, or --wheel FILE.whl."
((EUID == 0)) || fail "run it with sudo."
[[ -d $VENV ]] || fail "the kiosk is not installed: run install.sh."

arguments=(--no-start)
if [[ $1 == --wheel ]]; then
    arguments+=(--wheel "${2:?--wheel needs a file}")
else
    [[ $1 != -* ]] || fail "$1 is no tag."
    git -C "$HERE" diff --quiet HEAD || fail "the clone has changes of its own."
    git -C "$HERE" fetch --tags
    git -C "$HERE" rev-parse --verify --quiet "refs/tags/$1" > /dev/null || fail "there is no tag $1."
    git -C "$HERE" checkout --quiet "refs/tags/$1"
fi

back() {
    echo "update.sh: the version before is put back." >&2
    rm -rf "$VENV"
    mv "$BEFORE" "$VENV"
    systemctl restart heirloom-kiosk.service
    exit 1
}

rm -rf "$BEFORE"
cp -a "$VENV" "$BEFORE"
"$HERE/install.sh" "${arguments[@]}" || back
# The unit tells systemd when it serves: a version that does not start fails here.
systemctl restart heirloom-kiosk.service || back
rm -rf "$BEFORE"
echo "The kiosk runs $("$VENV/bin/heirloom" --version)."
