import SwiftUI

/// The controls of the restoration's options.
struct ChoicesView: View {
    @Binding var choices: Choices

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Toggle("Repair damage", isOn: $choices.scratches)
            Toggle("Refine faces", isOn: $choices.faces)
            Toggle("Keep black and white or sepia", isOn: $choices.keepGray)
            LabeledContent("Strength") {
                Slider(value: $choices.strength, in: 0...1) {
                    Text("Strength")
                }
            }
        }
    }
}
