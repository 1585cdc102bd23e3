/// Runs networks, with Core ML on a device or as toy networks in tests.
public protocol PartRunner: Sendable {
    /// Runs the network on one tile and returns its only output.
    ///
    /// - Parameters:
    ///   - part: The part's name.
    ///   - artifact: Names and storage of the tensors.
    ///   - tile: The network's file and function for this size.
    ///   - inputs: One tensor for each of `artifact.inputs`, in that order, of the size that
    ///     `tensorShape(_:tile:)` gives, row-major.
    /// - Returns: The tensor of `artifact.outputs[0]`, row-major.
    /// - Throws: Any error in running the network; it ends the restoration.
    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored
}
