#!/usr/bin/env bash
# Builds and runs a program that takes RestoreCore as a package by its URL, as another app does, at the last
# commit. Exits with 77 where there is no Swift 6.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
repository=$(cd "$here/../../.." && pwd -P)
# Within the repository, since swift.sh shows Swift nothing else.
folder=$repository/ios_app/.build/package
rm -rf "$folder"
mkdir -p "$folder/Sources/client"
git clone --quiet --bare "$repository" "$folder/heirloom.git"

cat > "$folder/Package.swift" << END
// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "client",
    dependencies: [
        .package(url: "file://$folder/heirloom.git", revision: "$(git -C "$repository" rev-parse HEAD)")
    ],
    targets: [
        .executableTarget(
            name: "client", dependencies: [.product(name: "RestoreCore", package: "heirloom")])
    ]
)
END
cat > "$folder/Sources/client/main.swift" << 'END'
import Foundation
import RestoreCore

let bundle = try NetworkBundle(opening: URL(fileURLWithPath: CommandLine.arguments[1]))
let stroke = try Stroke(points: [Stroke.Place(column: 5, row: 5)], radius: 0)
let marked = Damage(nil, drawn: [stroke], height: 10, width: 10)
print("bundle \(bundle.manifest.name), damage on \(marked.share)")
END
cd "$folder"
"$here/swift.sh" run --quiet client "$repository/edge/bundles/mobile"
