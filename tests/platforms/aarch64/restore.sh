#!/usr/bin/env bash
# Run the golden vectors of the code and of the bundle as a Raspberry Pi would, restore a photo there and here, and
# compare the two files byte for byte:
#   tests/platforms/aarch64/restore.sh [PHOTO [OPTION of heirloom restore ...]]
# Without a photo: the sample, first with a mask of its damage and then with the damage that is found. The detector's
# first layers are in float, whose last bits are each processor's own: other photos may differ a little.
set -euo pipefail
source "$(dirname "$0")/machine.sh"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# both NAME PHOTO [OPTION ...]: restore the photo on both machines, to pi-NAME and here-NAME.
both() {
  local name=$1
  shift
  on_pi restore "$1" -o "$out/pi-$name" "${@:2}"
  "$here/.venv/bin/heirloom" restore "$1" -o "$out/here-$name" "${@:2}"
}

# same NAME: the two results are equal.
same() {
  cmp -s "$out/pi-$1" "$out/here-$1" && return
  echo "aarch64: the photos differ. Where damage is looked for they may: give a mask, or --scratches off." >&2
  exit 1
}

sample=$here/samples/astronaut-old.jpg
photo=${1:-$sample}
options=("${@:2}")
[ $# -gt 0 ] || options=(--scratches "$here/samples/astronaut-damage.png")
python_on_pi -m tests.golden.make --check
on_pi bundle verify --runtime litert --smallest-tiles
name=photo.${photo##*.}
both "$name" "$photo" "${options[@]}"
same "$name"
if [ $# -eq 0 ]; then
  both found.jpg "$sample"
  same found.jpg
fi
echo "aarch64 and $(uname -m) restored the same photo, byte for byte."
