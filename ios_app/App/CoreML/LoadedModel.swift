import CoreML
import Foundation

/// One function of a compiled package, ready to run.
///
/// Unchecked, because Core ML's asynchronous prediction may be called from any thread, and the model is
/// never changed.
final class LoadedModel: @unchecked Sendable {
    private let model: MLModel

    private init(_ model: MLModel) {
        self.model = model
    }

    /// Loads a compiled model; `function` is nil for a package that has only one.
    static func load(_ compiled: URL, function: String?, units: Units) async throws -> LoadedModel {
        let configuration = MLModelConfiguration.of(function, units)
        return LoadedModel(try await MLModel.load(contentsOf: compiled, configuration: configuration))
    }

    /// Runs the model on tensors by their names.
    func predict(
        _ inputs: [String: (values: [Float], shape: [Int])], output: String
    ) async throws -> [Float] {
        let features = try MLDictionaryFeatureProvider(
            dictionary: inputs.mapValues { tensor in
                MLFeatureValue(shapedArray: MLShapedArray(scalars: tensor.values, shape: tensor.shape))
            })
        let results = try await model.prediction(from: features, options: MLPredictionOptions())
        guard let values = results.featureValue(for: output)?.shapedArrayValue(of: Float.self) else {
            throw Problem.brokenNetworks
        }
        // Its `scalars` are the same, one by one and slowly.
        return values.withUnsafeShapedBufferPointer { memory, shape, strides in
            packed(memory, shape: shape, strides: strides)
        }
    }
}

extension MLModelConfiguration {
    /// A configuration for one function of a package on these processors.
    static func of(_ function: String?, _ units: Units) -> MLModelConfiguration {
        let configuration = MLModelConfiguration()
        configuration.functionName = function
        configuration.computeUnits =
            switch units {
            case .cpuOnly: .cpuOnly
            case .cpuAndGPU: .cpuAndGPU
            case .cpuAndNeuralEngine: .cpuAndNeuralEngine
            }
        return configuration
    }
}
