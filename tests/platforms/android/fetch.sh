#!/usr/bin/env bash
# Fetches what it takes to compile and test Kotlin without Gradle: the compiler from npm, and JUnit and JNA
# from Debian, unpacked into the cache and not installed, so that no root is needed. What is there already is
# left alone. The compiler must have the digest that is pinned here; apt checks Debian's signatures. Prints the paths.
#
# Exits with 77 where npm or apt is missing.
set -euo pipefail

cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/android
compiler=kotlin-compiler@2.4.20
compiler_sha256=c23dab400d7ce5ea8b6c909947c0ca5454189e4bb1108695b5f464500e5e950f
packages=(junit4 libhamcrest-java libjna-java libjna-jni)

die() {
    echo "fetch.sh: $1" >&2
    exit "${2:-1}"
}

# Puts a complete folder into its place; another run may have been faster.
place() {
    mv -T "$1" "$2" 2>/dev/null || [ -d "$2" ] || die "can't write to $cache."
}

fetch_compiler() {
    command -v npm >/dev/null || die "the Kotlin compiler comes from npm, which is missing: apt-get install npm." 77
    echo "fetch.sh: fetching the Kotlin compiler, 90 MB." >&2
    (cd "$temporary" && npm pack --silent "$compiler" >compiler) || die "can't fetch $compiler."
    local archive
    archive=$temporary/$(cat "$temporary/compiler")
    echo "$compiler_sha256  $archive" | sha256sum --quiet --check - >&2 ||
        die "$compiler is not the one that is pinned here: do not use it."
    tar -xzf "$archive" -C "$temporary"
    chmod +x "$temporary"/package/bin/*
    place "$temporary/package" "$cache/kotlinc"
}

download() {
    # apt drops root's rights to a user who can't write to the cache.
    (cd "$temporary" && apt-get -qq -o APT::Sandbox::User=root "$@" download "${packages[@]}")
}

fetch_jars() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        die "JUnit and JNA come from Debian's packages, and apt is missing." 77
    local lists=(-o "Dir::State::Lists=$temporary/lists")
    if ! download 2>/dev/null; then
        mkdir -p "$temporary/lists/partial"
        apt-get -qq -o APT::Sandbox::User=root "${lists[@]}" update && download "${lists[@]}" ||
            die "can't download ${packages[*]}."
    fi
    local package
    for package in "$temporary"/*.deb; do dpkg-deb -x "$package" "$temporary/root"; done
    mkdir "$temporary/jars"
    cp -L "$temporary"/root/usr/share/java/{junit4,hamcrest,jna}.jar "$temporary/jars"
    find "$temporary/root/usr/lib" -name 'libjnidispatch*.so' -exec cp -L {} "$temporary/jars" \;
    place "$temporary/jars" "$cache/jars"
}

mkdir -p "$cache"
temporary=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
[ -d "$cache/kotlinc" ] || fetch_compiler
# An older cache has JNA's library under a name by which it is not found.
[ ! -f "$cache/jars/libjnidispatch.so" ] || rm -rf "$cache/jars"
[ -d "$cache/jars" ] || fetch_jars
printf '%s\n' "$cache/kotlinc/bin/kotlinc" "$cache/kotlinc/lib/kotlin-stdlib.jar" "$cache"/jars/*
