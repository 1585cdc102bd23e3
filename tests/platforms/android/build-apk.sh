#!/usr/bin/env bash
# Builds a debug APK of the sample app without Gradle and without Google's Maven repository: proves that the
# code compiles, dexes and packages. LiteRT's classes are stubs and are not packaged, so that this APK can't
# restore; the one that can comes from Gradle (see android_app/README.md).
#
# build-apk.sh [APK]   default: android_app/build/heirloom-debug.apk
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
app_root=$(cd "$here/../../../android_app" && pwd)
cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/android
apk=${1:-$app_root/build/heirloom-debug.apk}
main=$app_root/app/src/main
start=$(date +%s)

for tool in java javac keytool; do
    command -v "$tool" >/dev/null || { echo "build-apk.sh: needs a JDK ($tool is missing): apt-get install openjdk-17-jdk-headless." >&2; exit 77; }
done
"$here/fetch-android.sh"
. "$cache/env"
export PATH=$TOOLS_PATH$PATH
with_libraries() { LD_LIBRARY_PATH=$TOOLS_LIBRARIES${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$@"; }

kotlinc=$cache/kotlinc/bin/kotlinc
[ -x "$kotlinc" ] || "$here/fetch.sh" >/dev/null
stdlib=$cache/kotlinc/lib/kotlin-stdlib.jar

version() { sed -n "s/^$1 = \"\(.*\)\"/\1/p" "$app_root/gradle/libs.versions.toml"; }
id=$(version appId)

mkdir -p "$app_root/build" "$(dirname "$apk")"
work=$(mktemp -d "$app_root/build/apk.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/java" "$work/dex"

# Gradle puts the package and the id into the manifest, and takes out what libraries' manifests must not add.
sed -e '/tools:node="remove"/d' -e "s/<manifest /<manifest package=\"$id\" /" -e "s/\${applicationId}/$id/" "$main/AndroidManifest.xml" \
    >"$work/AndroidManifest.xml"
with_libraries aapt2 compile --dir "$main/res" -o "$work/resources.zip"
assets=()
if [ -d "$main/assets" ]; then assets=(-A "$main/assets" -0 .tflite); fi
with_libraries aapt2 link -o "$work/bare.apk" -I "$FRAMEWORK" --manifest "$work/AndroidManifest.xml" \
    --java "$work/java" --min-sdk-version "$(version minSdk)" --target-sdk-version "$(version targetSdk)" \
    --version-name "$(version appVersion)" --version-code "$(version appVersionCode)" --debug-mode \
    "${assets[@]}" "$work/resources.zip"

# API 23 has no lambdas of its own and dx no invokedynamic: every lambda becomes a class.
kotlin() {
    local out=$1 classpath=$2
    shift 2
    mkdir -p "$work/$out"
    "$kotlinc" -Werror -no-jdk -no-reflect -jvm-target 1.8 -Xlambdas=class -Xsam-conversions=class \
        -Xstring-concat=inline -module-name "$out" -classpath "$classpath:$ANDROID_JAR" -d "$work/$out" "$@"
}
javac -nowarn -source 8 -target 8 -bootclasspath "$ANDROID_JAR" -d "$work/r" \
    "$work/java/${id//.//}/R.java" 2>&1 | { grep -v 'warning' || true; }
# What is newer than the framework comes first, in stubs.
javac -nowarn -source 8 -target 8 -bootclasspath "$ANDROID_JAR" -d "$work/newer" "$here"/stubs/android/*/*.java \
    2>&1 | { grep -v 'warning' || true; }
kotlin stubs "" "$here/stubs/com"
kotlin core "" "$app_root/core/src/main/kotlin"
kotlin app "$work/newer:$work/stubs:$work/core:$work/r" "$main/kotlin"

# dx takes nothing that lies under META-INF for a newer Java.
mkdir "$work/stdlib"
(cd "$work/stdlib" && jar xf "$stdlib" && rm -rf META-INF)
java -cp "$DX_JAR" com.android.dx.command.Main --dex --min-sdk-version="$(version minSdk)" \
    --output="$work/dex/classes.dex" "$work/r" "$work/core" "$work/app" "$work/stdlib"
(cd "$work/dex" && jar uMf "$work/bare.apk" classes.dex)

keystore=$cache/debug.keystore
[ -f "$keystore" ] || keytool -genkeypair -keystore "$keystore" -storepass android -keypass android \
    -alias androiddebugkey -dname "CN=Android Debug" -keyalg RSA -keysize 2048 -validity 10000 2>/dev/null
with_libraries zipalign -f -p 4 "$work/bare.apk" "$work/aligned.apk"
java -jar "$SIGNER_JAR" sign --v4-signing-enabled false --ks "$keystore" --ks-pass pass:android --out "$apk" \
    "$work/aligned.apk"

java -jar "$SIGNER_JAR" verify --verbose "$apk" | grep -E '^Verified using v[23] '
with_libraries aapt2 dump badging "$apk" | grep -E '^(package|sdkVersion|targetSdkVersion|application-label):'
networks=$(jar tf "$apk" | grep -c '\.tflite$' || true)
echo "$apk: $(stat -c %s "$apk") bytes, $networks networks, $(($(date +%s) - start)) s"
