import SwiftUI

/// The precision and processors of the networks, and the state of their test.
struct NetworksView: View {
    let networks: Studio.Networks

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            switch networks {
            case .preparing(let candidate):
                ProgressView("Preparing the networks")
                if let candidate {
                    Text("Testing \(candidate.precision.rawValue) on \(candidate.units.name)")
                }
            case .ready(let engine):
                Text("Networks: \(engine.candidate.precision.rawValue) on \(engine.candidate.units.name)")
                if let plan = engine.plan {
                    Text(
                        """
                        Planned by Core ML: Neural Engine \(percent(plan.neuralEngine)), \
                        GPU \(percent(plan.gpu)), CPU \(percent(plan.cpu))
                        """)
                }
            case .unavailable(let reason):
                Text(verbatim: reason).foregroundStyle(.red)
            }
        }
        .font(.footnote)
        .foregroundStyle(.secondary)
    }

    private func percent(_ share: Double) -> String {
        share.formatted(.percent.precision(.fractionLength(0)))
    }
}

extension Units {
    /// The processors' name on the screen.
    var name: String {
        switch self {
        case .cpuOnly: String(localized: "the CPU")
        case .cpuAndGPU: String(localized: "the GPU and CPU")
        case .cpuAndNeuralEngine: String(localized: "the Neural Engine and CPU")
        }
    }
}
