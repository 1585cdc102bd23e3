import PhotosUI
import SwiftUI
import UIKit

/// The app's only screen.
struct StudioView: View {
    @State private var studio = Studio()
    @State private var picked: PhotosPickerItem?
    @State private var showsCamera = false
    @Environment(\.scenePhase) private var scenePhase

    var body: some View {
        NavigationStack {
            VStack {
                // Not in the scroll view, which would take over the drag of the comparison.
                photo.frame(maxWidth: .infinity, maxHeight: .infinity)
                ScrollView {
                    VStack(alignment: .leading, spacing: 20) {
                        sources
                        if studio.before != nil {
                            ChoicesView(choices: $studio.choices)
                            RestoreView(studio: studio)
                        }
                        if let problem = studio.problem {
                            Text(verbatim: problem).foregroundStyle(.red)
                        }
                        NetworksView(networks: studio.networks)
                    }
                    .padding()
                }
            }
            .navigationTitle("Heirloom")
        }
        .onChange(of: scenePhase, initial: true) { _, phase in studio.sceneChanged(to: phase) }
        .onChange(of: studio.isBusy, initial: true) { _, isBusy in
            // A screen that locks sends the app into the background.
            UIApplication.shared.isIdleTimerDisabled = isBusy
        }
        .onChange(of: picked) { _, item in
            guard let item else { return }
            studio.open(item)
            // So that the same photo can be chosen again.
            picked = nil
        }
        .fullScreenCover(isPresented: $showsCamera) {
            CameraPicker { file in
                showsCamera = false
                if let file { studio.open(file) }
            }
            .ignoresSafeArea()
        }
    }

    @ViewBuilder private var photo: some View {
        if let before = studio.before, let restored = studio.restored {
            CompareView(before: before, after: restored.picture)
        } else if let before = studio.before {
            PictureView(picture: before)
        } else {
            ContentUnavailableView(
                "No photo", systemImage: "photo", description: Text("Choose an old photo, or take one."))
        }
    }

    private var sources: some View {
        HStack(spacing: 20) {
            // The original encoding: a converted copy would lose quality and metadata.
            PhotosPicker(
                "Choose", selection: $picked, matching: .images, preferredItemEncoding: .current)
            if CameraPicker.isAvailable {
                Button("Take") { showsCamera = true }
            }
        }
        .disabled(studio.progress != nil)
    }
}
