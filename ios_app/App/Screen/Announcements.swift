import Accessibility
import SwiftUI

/// What VoiceOver says without being asked: each quarter of the work, its end, and a problem.
struct Announcements: ViewModifier {
    let studio: Studio

    func body(content: Content) -> some View {
        content
            .onChange(of: studio.activity) { old, new in
                if let new, new.quarters != old?.quarters, 1...3 ~= new.quarters {
                    let share = Double(new.quarters) / 4
                    say(String(localized: "\(percent(share)) done"))
                } else if let old, new == nil, studio.problem == nil, !old.isStopping {
                    say(old.kind == .finding && studio.overlay == nil ? nothingFound : old.kind.end)
                }
            }
            .onChange(of: studio.problem) { _, problem in
                if let problem { say(problem.sentence) }
            }
    }

    private var nothingFound: String { String(localized: "No damage was found.") }

    private func say(_ text: String) {
        AccessibilityNotification.Announcement(text).post()
    }
}
