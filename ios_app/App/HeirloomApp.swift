import SwiftUI

/// The sample app: choose an old photo, restore it on the device, compare, save.
@main
struct HeirloomApp: App {
    init() {
        WorkFolder.empty()
    }

    var body: some Scene {
        WindowGroup {
            StudioView()
        }
    }
}
