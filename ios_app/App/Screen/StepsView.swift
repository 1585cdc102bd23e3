import SwiftUI

/// The steps on the photo, the progress of the one under way, and the actions on the result.
struct StepsView: View {
    let studio: Studio

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Button("Restore") { studio.restore() }
                .buttonStyle(.borderedProminent)
            Row {
                if studio.marks == nil {
                    Button("Find damage") { studio.find() }
                } else if !studio.isMarking {
                    Button("Correct the damage") { studio.isMarking = true }
                }
                Button("Only fill the damage") { studio.fill() }
            }
        }
        .disabled(!studio.canWork)
    }
}

/// The progress of what is being done, and the button that stops it.
struct ActivityView: View {
    let studio: Studio
    let activity: Activity

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            if let share = activity.share {
                ProgressView(activity.kind.name, value: share)
            } else {
                ProgressView(activity.kind.name)
            }
            if activity.isStopping {
                Text("Stopping")
            } else {
                Button("Cancel", role: .cancel) { studio.cancel() }
            }
        }
    }
}

/// What was done to the photo, and where it can go.
struct ResultView: View {
    let studio: Studio
    let restored: RestoredPhoto

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            if restored.steps.isEmpty {
                Text("Nothing had to be changed.")
            } else {
                Text(verbatim: restored.steps.map(\.sentence).formatted(.list(type: .and)))
                    .font(.footnote)
            }
            if !restored.lost.isEmpty {
                let names = restored.lost.map(\.name).formatted(.list(type: .and))
                Text("Not in the restored file: \(names)")
                    .font(.footnote)
            }
            Row {
                if studio.isSaved {
                    Text("Saved")
                } else {
                    Button("Save") { studio.save() }
                        .disabled(studio.activity != nil)
                }
                ShareLink(item: restored.file)
            }
        }
    }
}
