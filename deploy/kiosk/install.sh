#!/usr/bin/env bash
# Installs the kiosk on Raspberry Pi OS or JetPack (or another Debian or Ubuntu with systemd).
# Run it again to repair or update: it changes only what differs, and keeps the configuration.
#
#   sudo ./install.sh [--wheel FILE.whl] [--screen] [--no-start]
#
# Without --wheel it installs the clone that it lies in. Python 3.11 or later is needed: Raspberry Pi OS since
# Bookworm has it, JetPack 6 has 3.10 and needs a package of a later one.
set -euo pipefail

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
readonly HOME_OF_HEIRLOOM=/opt/heirloom
readonly CONFIGURATION=/etc/heirloom
wheel="" screen=no start=yes

fail() { echo "install.sh: $*" >&2; exit 1; }

while (($#)); do
    case $1 in
        --wheel) wheel=$(realpath -e -- "${2:?--wheel needs a file}"); shift ;;
        --screen) screen=yes ;;
        --no-start) start=no ;;
        *) fail "$1 is no option: --wheel FILE, --screen or --no-start." ;;
    esac
    shift
done
((EUID == 0)) || fail "run it with sudo."
command -v systemctl apt-get > /dev/null || fail "this system has no systemd or no apt-get."

jetson=no
if [[ -e /etc/nv_tegra_release ]]; then jetson=yes; fi

packages=(python3-venv sane-utils cups cups-client cups-ipp-utils util-linux)
if grep -qs "Raspberry Pi" /proc/device-tree/model; then packages+=(python3-picamera2); fi
if [[ $screen == yes ]]; then
    packages+=(cage)
    if apt-cache show chromium > /dev/null 2>&1; then packages+=(chromium); else packages+=(chromium-browser); fi
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"

add_user() {
    id "$1" > /dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$1"
    add_groups "$@"
}
add_groups() {
    local name=$1 group
    shift
    for group in "$@"; do
        if getent group "$group" > /dev/null; then usermod -a -G "$group" "$name"; fi
    done
}
add_user heirloom scanner lp video plugdev
if [[ $screen == yes ]]; then add_user heirloom-screen video render input; fi

install -d -m 0755 "$HOME_OF_HEIRLOOM" "$HOME_OF_HEIRLOOM/bin" "$CONFIGURATION"
venv=$HOME_OF_HEIRLOOM/venv
# On a Jetson, ONNX Runtime for its chip comes from NVIDIA: packages of the system are seen.
options=()
if [[ $jetson == yes ]]; then options+=(--system-site-packages); fi
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }
if ! recent "$venv/bin/python"; then
    for python in python3.13 python3.12 python3.11 python3 none; do
        if recent "$python"; then break; fi
    done
    [[ $python != none ]] || fail "Python 3.11 or later is needed: $(python3 --version) is installed."
    "$python" -m venv --clear "${options[@]}" "$venv"
fi
runuser -u heirloom -- "$venv/bin/python" -c "" || fail "the user heirloom may not run $(realpath "$venv/bin/python"): does it lie in a home?"
source=${wheel:-$(realpath -- "$HERE/../..")}
# What it needs is locked by hashes; then itself, the same version too, for the clone may have changed.
"$venv/bin/pip" install --require-hashes -r "$HERE/../../requirements/kiosk.txt"
"$venv/bin/pip" install --force-reinstall --no-deps "$source"

install -m 0755 "$HERE/heirloom-stick" "$HERE/heirloom-screen" "$HOME_OF_HEIRLOOM/bin/"
install -m 0644 "$HERE/heirloom-kiosk.service" "$HERE/heirloom-stick@.service" /etc/systemd/system/
install -m 0644 "$HERE/99-heirloom-sticks.rules" /etc/udev/rules.d/
[[ -e $CONFIGURATION/kiosk.toml ]] || install -m 0640 -g heirloom "$HERE/kiosk.toml" "$CONFIGURATION/kiosk.toml"
if [[ $screen == yes ]]; then
    install -m 0644 "$HERE/heirloom-kiosk-screen.service" /etc/systemd/system/
fi

# CUPS keeps photos that were printed for a day, unless it is told not to.
if [[ -f /etc/cups/cupsd.conf ]] && ! grep -q '^PreserveJobFiles' /etc/cups/cupsd.conf; then
    printf '\nPreserveJobFiles No\n' >> /etc/cups/cupsd.conf
    systemctl try-restart cups.service
fi

systemctl daemon-reload
udevadm control --reload
systemctl enable heirloom-kiosk.service
if [[ $screen == yes ]]; then
    systemctl enable heirloom-kiosk-screen.service
    systemctl set-default graphical.target
fi
if [[ $start == yes ]]; then
    systemctl restart heirloom-kiosk.service
    if [[ $screen == yes ]]; then systemctl restart heirloom-kiosk-screen.service; fi
fi
echo "The kiosk is installed: its settings are in $CONFIGURATION/kiosk.toml, its log in 'journalctl -u heirloom-kiosk'."
