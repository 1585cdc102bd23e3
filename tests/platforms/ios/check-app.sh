#!/usr/bin/env bash
# Checks the app where there is no Apple SDK: tests its logic, type-checks it against stubs of Apple's modules,
# and checks its formatting, project, plists and translations. Exits with 77 where there is no Swift 6.
set -euo pipefail
shopt -s nullglob

here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/../../../ios_app"

if [ "$(uname)" = Darwin ]; then
    echo "check-app.sh: here the app can be built for real: open Heirloom.xcodeproj." >&2
    exit 77
fi

python3 "$here/check_project.py"
python3 "$here/check_strings.py"

"$here/swift.sh" test

modules=.build/stubs
mkdir -p "$modules"
swiftc() {
    "$here/swift.sh" --driver-mode=swiftc -swift-version 6 -parse-as-library -I "$modules" "$@"
}
# Apple's Foundation has more than the one for Linux: every file sees it as if it were Apple's.
apple=(-Xfrontend -import-module -Xfrontend AppleFoundation)

swiftc -emit-module -module-name AppleFoundation -o "$modules/AppleFoundation.swiftmodule" \
    "$here/stubs/AppleFoundation.swift"
# Each after those that it imports.
for name in Accessibility CoreGraphics ImageIO UniformTypeIdentifiers CoreTransferable Photos UIKit CoreML SwiftUI PhotosUI os; do
    files=("$here/stubs/$name.swift" "$here/stubs/$name"+*.swift)
    swiftc "${apple[@]}" -emit-module -module-name "$name" -o "$modules/$name.swiftmodule" \
        "${files[@]}"
done
swiftc -emit-module -module-name RestoreCore -o "$modules/RestoreCore.swiftmodule" \
    RestoreCore/Sources/RestoreCore/*.swift

mapfile -t sources < <(find App -name '*.swift' | sort)
swiftc "${apple[@]}" -typecheck -warnings-as-errors -module-name Heirloom "${sources[@]}"
# What docs/apps/ios.md tells other apps to copy stands alone.
swiftc "${apple[@]}" -typecheck -warnings-as-errors -module-name Other \
    App/CoreML/*.swift App/Logic/{Packed,Problem}.swift App/Logic/Trials/Candidate.swift
echo "The app agrees with the stubs (${#sources[@]} files)."

if "$here/swift.sh" format --version > /dev/null 2>&1; then
    "$here/swift.sh" format lint --strict --recursive --parallel --configuration .swift-format \
        Package.swift App LogicTests "$here/stubs"
fi
