#!/usr/bin/env bash
# Start the whole kiosk as a Raspberry Pi would, have it restore a photo that is put into its folder, and compare
# the photo with what this machine makes of it:
#   tests/platforms/aarch64/kiosk.sh [PHOTO]
# Needs root beside what machine.sh needs: the kiosk starts processes of its own, which only the kernel can hand
# to qemu (binfmt_misc).
set -euo pipefail
source "$(dirname "$0")/machine.sh"

registry=/proc/sys/fs/binfmt_misc
[ -e $registry/register ] || mount -t binfmt_misc none $registry 2> /dev/null || missing "binfmt_misc needs root."
name=heirloom-aarch64-$$
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":$name:M::$magic:$mask:$qemu:" > $registry/register 2> /dev/null || missing "binfmt_misc needs root."

place=$(mktemp -d)
kiosk=
end() {
  [ -z "$kiosk" ] || kill -KILL "$kiosk" 2> /dev/null || true
  echo -1 > "$registry/$name"
  rm -rf "$place"
}
trap end EXIT

photo=${1:-$here/samples/astronaut-old.jpg}
file=$(basename "$photo")
mkdir "$place/in"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# What the detector finds may differ by a pixel (docs/apps/apps.md): the networks that restore must not.
cat > "$place/kiosk.toml" << END
[network]
host = "127.0.0.1"
port = $port
[[folders]]
watch = "$place/in"
results = "$place/out"
look = {scratches = "off"}
END
(export PYTHONPATH="$here:$wheels" HOME="$place" XDG_STATE_HOME="$place/state" XDG_RUNTIME_DIR="$place"
  exec "$pi_python" -P -c "$heirloom" kiosk "$place/kiosk.toml") > "$place/log" 2>&1 &
kiosk=$!

# wait_for WHAT COMMAND...: until it succeeds, at most ten minutes.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 600); do
    "$@" > /dev/null 2>&1 && return
    kill -0 "$kiosk" 2> /dev/null || break
    sleep 1
  done
  cat "$place/log" >&2
  echo "aarch64: $what" >&2
  exit 1
}
wait_for "the kiosk did not start." python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/healthz')"
cp "$photo" "$place/in/$file"
wait_for "the photo was not restored." test -e "$place/out/$file"
kill "$kiosk"
wait "$kiosk"
kiosk=
"$here/.venv/bin/heirloom" restore "$place/in/$file" -o "$place/here/$file" --scratches off
cmp "$place/out/$file" "$place/here/$file"
echo "The kiosk started on aarch64 and restored the photo of $(uname -m), byte for byte."
