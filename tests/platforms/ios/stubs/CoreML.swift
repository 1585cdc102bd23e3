// Classes are not Sendable here, whatever Apple's are: what type-checks without that does with it.
import Foundation

public enum MLComputeUnits: Int, Sendable {
    case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine
}

public class MLModelConfiguration {
    public init() {}
    public var computeUnits: MLComputeUnits = .all
    public var functionName: String?
}

public class MLPredictionOptions {
    public init() {}
}

public protocol MLShapedArrayScalar {}
extension Float: MLShapedArrayScalar {}

public struct MLShapedArray<Scalar: MLShapedArrayScalar> {
    public init<S: Sequence>(scalars: S, shape: [Int]) where S.Element == Scalar {}
    public func withUnsafeShapedBufferPointer<R>(
        _ body: (UnsafeBufferPointer<Scalar>, [Int], [Int]) throws -> R
    ) rethrows -> R { fatalError() }
}

public class MLFeatureValue {
    public convenience init<Scalar>(shapedArray: MLShapedArray<Scalar>) { fatalError() }
    public func shapedArrayValue<Scalar>(of type: Scalar.Type) -> MLShapedArray<Scalar>? { nil }
}

public protocol MLFeatureProvider {
    func featureValue(for featureName: String) -> MLFeatureValue?
}

public class MLDictionaryFeatureProvider: MLFeatureProvider {
    public init(dictionary: [String: Any]) throws {}
    public func featureValue(for featureName: String) -> MLFeatureValue? { nil }
}

public class MLModel {
    public class func compileModel(at url: URL) async throws -> URL { url }
    public class func load(
        contentsOf url: URL, configuration: MLModelConfiguration = MLModelConfiguration()
    ) async throws -> MLModel { fatalError() }
    public func prediction(
        from input: any MLFeatureProvider, options: MLPredictionOptions = MLPredictionOptions()
    ) async throws -> any MLFeatureProvider { fatalError() }
}

public class MLCPUComputeDevice: @unchecked Sendable {}
public class MLGPUComputeDevice: @unchecked Sendable {}
public class MLNeuralEngineComputeDevice: @unchecked Sendable {}

public enum MLComputeDevice: Sendable {
    case cpu(MLCPUComputeDevice)
    case gpu(MLGPUComputeDevice)
    case neuralEngine(MLNeuralEngineComputeDevice)
}

public enum MLModelStructure: Sendable {
    public struct NeuralNetwork: Sendable {}
    public struct Pipeline: Sendable {}
    public struct Program: Sendable {
        public struct Operation: Sendable {}
        public struct Block: Sendable {
            public let operations: [Operation]
        }
        public struct Function: Sendable {
            public let block: Block
        }
        public let functions: [String: Function]
    }

    case neuralNetwork(NeuralNetwork)
    case program(Program)
    case pipeline(Pipeline)
    case unsupported
}

public class MLComputePlan {
    public struct DeviceUsage: Sendable {
        public let preferred: MLComputeDevice
    }
    public struct Cost: Sendable {
        public let weight: Double
    }

    public class func load(
        contentsOf url: URL, configuration: MLModelConfiguration
    ) async throws -> MLComputePlan { fatalError() }
    public var modelStructure: MLModelStructure { fatalError() }
    public func deviceUsage(for operation: MLModelStructure.Program.Operation) -> DeviceUsage? { nil }
    public func estimatedCost(of operation: MLModelStructure.Program.Operation) -> Cost? { nil }
}
