import PhotosUI
import SwiftUI
import UniformTypeIdentifiers

/// Where photos come from: the library, files and the camera, several at once.
struct SourcesView: View {
    let studio: Studio

    @State private var picked: [PhotosPickerItem] = []
    @State private var showsFiles = false
    @State private var showsCamera = false

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Row {
                // The original encoding: a converted copy would lose quality and metadata.
                PhotosPicker(
                    "Choose", selection: $picked, matching: .images, preferredItemEncoding: .current)
                Button("Files") { showsFiles = true }
                if CameraPicker.isAvailable {
                    Button("Take") { showsCamera = true }
                }
            }
            if studio.waiting.count > 0 {
                Row {
                    Button("Next photo (\(studio.waiting.count) waiting)") { studio.openNext() }
                        .disabled(studio.activity != nil)
                    Button("Restore and save all") { studio.restoreAll() }
                        .disabled(!studio.canWork)
                }
            }
        }
        .onChange(of: picked) { _, items in
            guard !items.isEmpty else { return }
            studio.open(items.map { Arrival($0) })
            // So that the same photos can be chosen again.
            picked = []
        }
        .fileImporter(
            isPresented: $showsFiles, allowedContentTypes: [.image], allowsMultipleSelection: true
        ) { result in
            switch result {
            case .success(let files): studio.open(files.map { Arrival($0) })
            case .failure(let error): studio.failed(error)
            }
        }
        .fullScreenCover(isPresented: $showsCamera) {
            CameraPicker { shot in
                showsCamera = false
                if let shot { studio.open([Arrival(shot)]) }
            }
            .ignoresSafeArea()
        }
    }
}
