#!/usr/bin/env bash
# Run the golden vectors and restore a photo as a Raspberry Pi would, and compare the photo with what this machine
# makes of it:
#   tests/platforms/aarch64/restore.sh [PHOTO.png] [OPTION of heirloom restore ...]
set -euo pipefail
source "$(dirname "$0")/machine.sh"

photo=${1:-$here/samples/astronaut-old.jpg}
[ $# -gt 0 ] && shift
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
suffix=.${photo##*.}
on_pi bundle verify --runtime litert --smallest-tiles
on_pi restore "$photo" -o "$out/pi$suffix" "$@"
"$here/.venv/bin/heirloom" restore "$photo" -o "$out/here$suffix" "$@"
cmp "$out/pi$suffix" "$out/here$suffix"
echo "aarch64 and $(uname -m) restored the same photo, byte for byte."
