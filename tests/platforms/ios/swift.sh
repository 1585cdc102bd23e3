#!/usr/bin/env bash
# Runs `swift ARGS...` of version 6 or later: the system's if there is one, else one in a Debian root that is made
# in a cache folder the first time (root and 3.3 GB are needed). Exits with 77 where neither can be had.
#
# HEIRLOOM_SWIFT_ROOT: a ready Debian root with Swift, to be used instead.
# HEIRLOOM_CACHE: where the root is made, instead of ~/.cache/heirloom.
set -euo pipefail

skip() {
    echo "swift.sh: $1" >&2
    exit 77
}

ready=${HEIRLOOM_SWIFT_ROOT:-}
if [ -z "$ready" ] && command -v swift > /dev/null; then
    version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9]*\).*/\1/p' | head -n 1)
    if [ "${version:-0}" -ge 6 ]; then exec swift "$@"; fi
fi

[ "$(id -u)" = 0 ] || skip "there is no Swift 6 here, and only root can make a Debian root with one."
root=${ready:-${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/swift}

# A link, whose target is found only inside the root.
if [ ! -L "$root/usr/bin/swift" ] && [ ! -x "$root/usr/bin/swift" ]; then
    [ -z "$ready" ] || skip "$root, which HEIRLOOM_SWIFT_ROOT names, has no Swift."
    command -v debootstrap > /dev/null || skip "there is no Swift 6 here, and no debootstrap to fetch one with: apt-get install debootstrap."
    sources=/etc/apt/sources.list.d/debian.sources
    mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' "$sources" 2> /dev/null | head -n 1)
    [ -n "$mirror" ] || skip "there is no Swift 6 here, and no list of Debian's packages to fetch one from."
    mkdir -p "$(dirname "$root")"
    partial=$(mktemp -d "$root.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    chmod 755 "$partial"
    echo "swift.sh: fetching Swift 6 into $root: some 600 MB, and minutes." >&2
    {
        debootstrap --force-check-gpg --variant=minbase trixie "$partial" "$mirror" &&
            chroot "$partial" apt-get update &&
            DEBIAN_FRONTEND=noninteractive chroot "$partial" apt-get install --yes \
                --no-install-recommends swiftlang libc6-dev libstdc++-14-dev git &&
            chroot "$partial" apt-get clean
    } > "$root.log" 2>&1 || skip "Swift could not be installed: see $root.log."
    rm -rf "$root"
    mv "$partial" "$root"
    trap - EXIT
fi

# The repository appears at the same path inside, so that messages name files as they are outside.
repository=$(cd "$(dirname "$0")/../../.." && pwd -P)
# shellcheck disable=SC2016
exec unshare --mount bash -euc '
    root=$1 repository=$2 folder=$3
    shift 3
    mkdir -p "$root$repository"
    mount -t proc proc "$root/proc"
    mount --bind "$repository" "$root$repository"
    exec chroot "$root" /bin/sh -c "cd \"\$1\" && shift && exec swift \"\$@\"" sh "$folder" "$@"
' sh "$root" "$repository" "$(pwd -P)" "$@"
