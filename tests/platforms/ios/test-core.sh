#!/usr/bin/env bash
# Tests RestoreCore: its tests over the golden vectors, then its formatting where there is a formatter.
# Arguments go to `swift test`. Exits with 77 where there is no Swift 6.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/../../../ios_app/RestoreCore"

# Optimized, as it ships: that is faster, too, though it takes longer to build.
"$here/swift.sh" test --configuration release -Xswiftc -enable-testing "$@"

if "$here/swift.sh" format --version > /dev/null 2>&1; then
    "$here/swift.sh" format lint --strict --recursive --parallel Package.swift Sources Tests
fi
