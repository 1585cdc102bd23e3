#!/usr/bin/env bash
# Tests what of the app is pure Kotlin (metadata, orientation, the choice of the engine, the places of a photo
# on the screen) on this machine.
# Exits with 77 where Java, npm or apt is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
app_root=$(cd "$here/../../../android_app" && pwd)
cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/android

command -v java >/dev/null || { echo "test-app.sh: Java is missing: apt-get install openjdk-17-jdk-headless." >&2; exit 77; }
"$here/fetch.sh" >/dev/null
lib=$cache/kotlinc/lib
classpath=$cache/jars/junit4.jar:$cache/jars/hamcrest.jar:$lib/kotlin-test.jar:$lib/kotlin-test-junit.jar

cd "$app_root/app/src"
# Pure is what has neither Android, nor its resources, nor LiteRT.
mapfile -t pure < <(grep -rLE '^import (android|com\.google)|\bR\.' main/kotlin)
mkdir -p "$app_root/build"
out=$(mktemp -d "$app_root/build/test-app.XXXXXX")
trap 'rm -rf "$out"' EXIT
"$cache/kotlinc/bin/kotlinc" -Werror -jvm-target 1.8 -no-reflect -module-name app -classpath "$classpath" \
    -d "$out" "$app_root/core/src/main/kotlin" "${pure[@]}" test/kotlin

mapfile -t tests < <(cd test/kotlin && find . -name '*Test.kt' | sed 's|^\./||; s|\.kt$||; s|/|.|g')
java -classpath "$out:$classpath:$lib/kotlin-stdlib.jar" org.junit.runner.JUnitCore "${tests[@]}"
