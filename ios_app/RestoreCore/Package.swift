// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "RestoreCore",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "RestoreCore", targets: ["RestoreCore"])],
    targets: [
        .target(name: "RestoreCore"),
        .testTarget(name: "RestoreCoreTests", dependencies: ["RestoreCore"]),
    ],
    swiftLanguageModes: [.v6]
)
