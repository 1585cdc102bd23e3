import SwiftUI

/// Whether the app is ready, and what it runs on.
struct NetworksView: View {
    let networks: Networks

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            switch networks.state {
            case .preparing:
                ProgressView("Getting ready. The first time this takes a while.")
            case .ready(let engine):
                if networks.testing != nil {
                    ProgressView("Looking for the fastest way on this device. You can go on meanwhile.")
                }
                DisclosureGroup("Technical details") {
                    TechnicalView(engine: engine, testing: networks.testing)
                }
            case .unavailable(let problem):
                Text(verbatim: problem.sentence).foregroundStyle(.red)
            }
        }
        .font(.footnote)
        .foregroundStyle(.secondary)
    }
}

/// The precision and processors of the networks, for engineers.
private struct TechnicalView: View {
    let engine: Engine
    let testing: Candidate?

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text("Networks: \(engine.candidate.precision.rawValue) on \(engine.candidate.units.name)")
            if let plan = engine.plan {
                Text(
                    """
                    Planned by Core ML: Neural Engine \(percent(plan.neuralEngine)), \
                    GPU \(percent(plan.gpu)), CPU \(percent(plan.cpu))
                    """
                )
            }
            if let testing {
                Text("Testing \(testing.precision.rawValue) on \(testing.units.name)")
            }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }
}

extension Units {
    /// The processors' name on the screen.
    fileprivate var name: String {
        switch self {
        case .cpuOnly: String(localized: "the CPU")
        case .cpuAndGPU: String(localized: "the GPU and CPU")
        case .cpuAndNeuralEngine: String(localized: "the Neural Engine and CPU")
        }
    }
}
