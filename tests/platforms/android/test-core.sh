#!/usr/bin/env bash
# Compiles the Kotlin core with its tests, unless that was done already, and runs them.
#
# test-core.sh                                        runs all tests
# test-core.sh BUNDLE LIBLITERT INPUT.png OUTPUT.png  restores a photo instead (see RestoreMain.kt)
#
# JAVA_OPTIONS go to Java: JAVA_OPTIONS=-Xmx220m restores within that heap, for instance.
# Exits with 77 where Java, npm or apt is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
core=$(cd "$here/../../../android_app/core" && pwd)
cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/android

command -v java >/dev/null || { echo "test-core.sh: Java is missing: apt-get install openjdk-17-jdk-headless." >&2; exit 77; }
"$here/fetch.sh" >/dev/null

jars=$cache/jars
libraries=$jars/junit4.jar:$jars/hamcrest.jar:$jars/jna.jar
digest=$(cd "$core" && find src -name '*.kt' | LC_ALL=C sort | xargs sha256sum | cat - "$here/test-core.sh" |
    sha256sum | cut -c1-16)
classes=$core/build/$digest

mkdir -p "$core/build"
exec 9>"$core/build/lock"
flock 9
if [ ! -d "$classes" ]; then
    find "$core/build" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
    # As for a device, but with a JDK's classes and without a class for each lambda.
    "$cache/kotlinc/bin/kotlinc" -Werror -no-reflect -jvm-target 1.8 -module-name core \
        -classpath "$libraries" -d "$classes.partial" "$core/src" 9>&-
    mv "$classes.partial" "$classes"
fi
flock -u 9

# Debian's JNA looks for its own library in the system's folders, and then where these two say.
# shellcheck disable=SC2206
run=(java -Xmx512m ${JAVA_OPTIONS:-} -Djna.nosys=false "-Djava.library.path=$jars" "-Dheirloom.golden=$here/../../golden"
    -classpath "$classes:$cache/kotlinc/lib/kotlin-stdlib.jar:$libraries")
if [ $# -gt 0 ]; then
    exec "${run[@]}" org.heirloom.jvm.RestoreMainKt "$@"
fi
mapfile -t tests < <(cd "$core/src/test/kotlin" && find . -name '*Test.kt' | LC_ALL=C sort | sed 's|^./||; s|\.kt$||; s|/|.|g')
exec "${run[@]}" org.junit.runner.JUnitCore "${tests[@]}"
