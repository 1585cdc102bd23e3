#!/usr/bin/env bash
# Run the golden vectors of the code and of the bundle as a Raspberry Pi would, restore a photo there and here, and
# compare the two files byte for byte:
#   tests/platforms/aarch64/restore.sh [PHOTO [OPTION of heirloom restore ...]]
# Without a photo: the sample, first with a mask of its damage, which must be equal, and then with the damage that is
# found. The detector's first layers are in float, whose last bits are each processor's own: that photo may differ a
# little.
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

sample=$here/samples/astronaut-old.jpg
photo=${1:-$sample}
options=("${@:2}")
[ $# -gt 0 ] || options=(--scratches "$here/samples/astronaut-damage.png")
python_on_pi -m tests.golden.make --check
on_pi bundle verify --runtime litert --smallest-tiles
name=photo.${photo##*.}
both "$name" "$photo" "${options[@]}"
cmp -s "$out/pi-$name" "$out/here-$name" || {
  echo "aarch64: the photos differ. Where damage is looked for they may: give a mask, or --scratches off." >&2
  exit 1
}
echo "aarch64 and $(uname -m) restored the same photo, byte for byte."
[ $# -eq 0 ] || exit 0

both found.png "$sample"
"$here/.venv/bin/python" -P - "$out/pi-found.png" "$out/here-found.png" << 'END'
import sys
import numpy as np
from PIL import Image

LEVELS, MOST = 8, 0.005
pi, here = (np.asarray(Image.open(path)).astype(int) for path in sys.argv[1:])
share = (abs(pi - here).max(axis=-1) > LEVELS).mean()
said = f"With the damage that each finds {share:.2%} of the pixels differ by more than {LEVELS} levels"
sys.exit(f"aarch64: {said}, and {MOST:.1%} may." if share > MOST else print(f"{said}."))
END
