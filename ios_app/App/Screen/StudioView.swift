import SwiftUI
import UIKit

/// The app's only screen.
struct StudioView: View {
    @State private var studio = Studio()
    @Environment(\.scenePhase) private var scenePhase

    var body: some View {
        NavigationStack {
            GeometryReader { space in
                let isWide = space.size.width > space.size.height
                let layout =
                    isWide ? AnyLayout(HStackLayout(spacing: 0)) : AnyLayout(VStackLayout(spacing: 0))
                layout {
                    // Not in the scroll view, which would take over the fingers on the photo.
                    photo.frame(maxWidth: .infinity, maxHeight: .infinity)
                    // Scrolled where the text is large: the photo keeps more than half of the screen.
                    ScrollView { controls.padding() }
                        .frame(
                            maxWidth: isWide ? 0.42 * space.size.width : .infinity,
                            maxHeight: isWide ? .infinity : 0.42 * space.size.height)
                }
            }
            .navigationTitle("Heirloom")
            .navigationBarTitleDisplayMode(.inline)
        }
        .onChange(of: scenePhase, initial: true) { _, phase in studio.sceneChanged(to: phase) }
        .onChange(of: studio.isIdle, initial: true) { _, isIdle in studio.idleChanged(to: isIdle) }
        .onChange(of: studio.isBusy, initial: true) { _, isBusy in
            // A screen that locks sends the app into the background.
            UIApplication.shared.isIdleTimerDisabled = isBusy
        }
        .onOpenURL { url in studio.open([Arrival(url)]) }
        .modifier(Announcements(studio: studio))
    }

    @ViewBuilder private var photo: some View {
        if let photo = studio.photo {
            StageView(studio: studio, photo: photo).id(photo.id)
        } else {
            ContentUnavailableView(
                "No photo", systemImage: "photo", description: Text("Choose an old photo, or take one."))
        }
    }

    private var controls: some View {
        VStack(alignment: .leading, spacing: 20) {
            if let activity = studio.activity {
                ActivityView(studio: studio, activity: activity)
            } else if studio.photo != nil {
                if studio.isMarking { BrushBar(studio: studio, brush: $studio.brush) }
                StepsView(studio: studio)
            }
            if let problem = studio.problem {
                Text(verbatim: problem.sentence).foregroundStyle(.red)
            }
            if let restored = studio.restored, !studio.isMarking {
                ResultView(studio: studio, restored: restored)
            }
            SourcesView(studio: studio)
            if studio.photo != nil { ChoicesView(choices: $studio.choices) }
            NetworksView(networks: studio.networks)
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }
}
