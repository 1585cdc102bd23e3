#!/usr/bin/env bash
# Fetches what it takes to build an APK without Gradle and without Google's Maven repository:
#   - from the machine's own Debian: aapt2, zipalign, apksigner and the framework's resources,
#   - from Debian 11: dx, which makes Dalvik code of class files, and the android.jar of API 23, the newest
#     that Debian has.
# Needs a Debian machine, and no root: packages are unpacked into the cache, not installed. Writes
# android/env there, which sets the variables that build-apk.sh uses. Prints nothing if all is there.
set -euo pipefail

cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/android
old=$cache/debian11
own=$cache/debian
newest=bullseye

die() {
    echo "fetch-android.sh: $1" >&2
    exit "${2:-1}"
}

command -v apt-get >/dev/null || die "needs apt-get: build with Gradle instead." 77
command -v dpkg-deb >/dev/null || die "needs dpkg-deb: build with Gradle instead." 77

# update LISTS APT_OPTION...: lists what there is to download, in a folder of its own.
update() {
    mkdir -p "$1/partial"
    # apt drops root's rights to a user who can't write to the cache.
    apt-get -qq -o APT::Sandbox::User=root "${@:2}" -o "Dir::State::Lists=$1" update ||
        die "can't list Debian's packages."
}

# unpack FOLDER LISTS APT_OPTION... -- PACKAGE...: downloads the packages and unpacks them into FOLDER.
unpack() {
    local folder=$1 options=(-o APT::Sandbox::User=root -o "Dir::State::Lists=$2") temporary
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    temporary=$(mktemp -d "$cache/download.XXXXXX")
    (cd "$temporary" && apt-get -qq "${options[@]}" download "$@") || die "can't download $*."
    mkdir "$temporary/root"
    for package in "$temporary"/*.deb; do dpkg-deb -x "$package" "$temporary/root"; done
    rm -rf "$folder"
    mv "$temporary/root" "$folder"
    rm -rf "$temporary"
}

# Packages of another release: the machine's own sources with the suite changed.
fetch_old() {
    local sources=$cache/$newest.sources suite options
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    [ -n "$suite" ] && [ -f /etc/apt/sources.list.d/debian.sources ] ||
        die "needs a Debian whose sources are in debian.sources: build with Gradle instead." 77
    sed "s/\b$suite\b/$newest/g" /etc/apt/sources.list.d/debian.sources >"$sources"
    options=(-o "Dir::Etc::SourceList=$sources" -o Dir::Etc::SourceParts=/dev/null)
    update "$cache/lists/$newest" "${options[@]}"
    unpack "$old" "$cache/lists/$newest" "${options[@]}" -- dalvik-exchange libandroid-23-java
}

# The tools and the libraries that only they need.
fetch_own() {
    update "$cache/lists/own"
    unpack "$own" "$cache/lists/own" -- aapt apksigner zipalign android-framework-res libapksig-java \
        android-libaapt android-libandroidfw android-libbacktrace android-libbase android-libcutils \
        android-liblog android-libunwind android-libutils android-libziparchive libexpat1 libpng16-16 \
        libprotobuf-lite32 libzopfli1 p7zip-full
}

mkdir -p "$cache"
[ -f "$cache/env" ] || echo "fetch-android.sh: fetching Debian's Android tools." >&2
[ -f "$old/usr/share/java/com.android.dx-10.0.0.jar" ] || fetch_old

framework=/usr/share/android-framework-res/framework-res.apk
# Debian's apksigner script finds its jar only where the package is installed, so Java runs the jar itself.
signer=/usr/share/java/apksigner.jar
path=
libraries=
if ! command -v aapt2 >/dev/null || ! command -v zipalign >/dev/null || [ ! -f "$signer" ] ||
    [ ! -f "$framework" ]; then
    [ -f "$own$framework" ] || fetch_own
    framework=$own$framework
    signer=$own$signer
    path=$own/usr/bin:
    libraries=$(find "$own/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
fi

temporary=$(mktemp "$cache/env.XXXXXX")
cat >"$temporary" <<END
DX_JAR='$old/usr/share/java/com.android.dx-10.0.0.jar'
ANDROID_JAR='$old/usr/lib/android-sdk/platforms/android-23/android.jar'
FRAMEWORK='$framework'
SIGNER_JAR='$signer'
TOOLS_PATH='$path'
TOOLS_LIBRARIES='$libraries'
END
mv "$temporary" "$cache/env"
