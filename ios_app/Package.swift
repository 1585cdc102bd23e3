// swift-tools-version: 6.0
import PackageDescription

// The app's logic without the app, so that it can be tested where there is no Apple SDK.
let package = Package(
    name: "HeirloomLogic",
    platforms: [.iOS(.v18), .macOS(.v15)],
    dependencies: [.package(path: "RestoreCore")],
    targets: [
        .target(name: "HeirloomLogic", dependencies: ["RestoreCore"], path: "App/Logic"),
        .testTarget(name: "HeirloomLogicTests", dependencies: ["HeirloomLogic"], path: "LogicTests"),
    ]
)
