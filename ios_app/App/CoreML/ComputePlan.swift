import CoreML
import Foundation

/// Core ML's plan of the processors that run a model.
struct ComputePlan: Equatable, Sendable {
    /// Shares of the model's estimated cost; they need not add up to one.
    let cpu: Double
    let gpu: Double
    let neuralEngine: Double

    /// The plan of a model; nil where Core ML has none: plans are estimates, and not made for every model.
    static func of(_ compiled: URL, function: String?, units: Units) async -> ComputePlan? {
        let configuration = MLModelConfiguration.of(function, units)
        guard
            let plan = try? await MLComputePlan.load(contentsOf: compiled, configuration: configuration),
            case .program(let program) = plan.modelStructure,
            let body = program.functions[function ?? "main"]
        else { return nil }
        var (cpu, gpu, neuralEngine) = (0.0, 0.0, 0.0)
        for operation in body.block.operations {
            let cost = plan.estimatedCost(of: operation)?.weight ?? 0
            switch plan.deviceUsage(for: operation)?.preferred {
            case .cpu: cpu += cost
            case .gpu: gpu += cost
            case .neuralEngine: neuralEngine += cost
            default: break
            }
        }
        return cpu + gpu + neuralEngine > 0
            ? ComputePlan(cpu: cpu, gpu: gpu, neuralEngine: neuralEngine) : nil
    }
}
