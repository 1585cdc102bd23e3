import Foundation
import RestoreCore

/// Runs the bundle's networks with Core ML: one loaded model for each function of each package.
actor CoreMLRunner: PartRunner {
    private let compiled: CompiledModels
    private let units: Units
    private var models: [Tile: Task<LoadedModel, any Error>] = [:]

    init(_ compiled: CompiledModels, units: Units) {
        self.compiled = compiled
        self.units = units
    }

    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored {
        var tensors: [String: (values: [Float], shape: [Int])] = [:]
        for (stored, tensor) in zip(inputs, artifact.inputs) {
            // Core ML takes no integer arrays: its packages quantize inside.
            guard case .float32(let values) = stored else { throw Problem.brokenNetworks }
            tensors[tensor.name] = (values, [1] + tensorShape(tensor, tile: tile))
        }
        let model = try await model(tile)
        return .float32(try await model.predict(tensors, output: artifact.outputs[0].name))
    }

    private func model(_ tile: Tile) async throws -> LoadedModel {
        if let task = models[tile] { return try await task.value }
        let task = Task { [compiled, units] in
            let url = try await compiled.url(of: tile.file)
            return try await LoadedModel.load(url, function: tile.function, units: units)
        }
        models[tile] = task
        do {
            return try await task.value
        } catch {
            models[tile] = nil
            throw error
        }
    }
}
