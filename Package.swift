// swift-tools-version: 6.0
import PackageDescription

// The iOS app's core for other apps: a package that is added by its URL has its manifest at the repository's root.
// The app and the tests use the one in ios_app/RestoreCore.
let package = Package(
    name: "Heirloom",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "RestoreCore", targets: ["RestoreCore"])],
    targets: [.target(name: "RestoreCore", path: "ios_app/RestoreCore/Sources/RestoreCore")],
    swiftLanguageModes: [.v6]
)
