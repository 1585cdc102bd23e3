import SwiftUI

/// The tools that correct the found damage.
struct BrushBar: View {
    let studio: Studio
    @Binding var brush: Brush

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Text(studio.overlay == nil ? "No damage was found." : "Damage is shown in red.")
            Text("Paint over what was missed, and erase what is part of the picture.")
                .font(.footnote)
            Picker("Tool", selection: $brush.tool) {
                ForEach(Brush.Tool.allCases, id: \.self) { Text($0.name).tag($0) }
            }
            .pickerStyle(.segmented)
            Picker("Size", selection: $brush.size) {
                ForEach(Brush.Size.allCases, id: \.self) { Text($0.name).tag($0) }
            }
            .pickerStyle(.segmented)
            .disabled(brush.tool == .hand)
            Row {
                Button("Undo", systemImage: "arrow.uturn.backward") { studio.undo() }
                    .disabled(studio.marks?.strokes.isEmpty ?? true)
                Button("Done", systemImage: "checkmark") { studio.isMarking = false }
            }
        }
    }
}

/// Controls beside each other where they fit, and below each other where the text is large.
struct Row<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        ViewThatFits(in: .horizontal) {
            HStack(spacing: 20) { content }
            VStack(alignment: .leading, spacing: 12) { content }
        }
    }
}
