import SwiftUI

/// The button that restores, the progress, and the actions on the result.
struct RestoreView: View {
    let studio: Studio

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            if let progress = studio.progress {
                ProgressView("Restoring", value: progress)
                Button("Cancel", role: .cancel) { studio.cancel() }
            } else {
                Button("Restore") { studio.restore() }
                    .buttonStyle(.borderedProminent)
                    .disabled(!studio.canRestore)
            }
            if let restored = studio.restored {
                Text(verbatim: restored.done.joined(separator: ", ")).font(.footnote)
                HStack(spacing: 20) {
                    if studio.isSaved {
                        Text("Saved")
                    } else {
                        Button("Save") { studio.save() }
                    }
                    ShareLink(item: restored.file)
                }
                .disabled(studio.progress != nil)
            }
        }
    }
}
