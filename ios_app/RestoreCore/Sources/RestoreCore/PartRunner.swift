/// Runs networks: Core ML on a device, toy networks in tests.
public protocol PartRunner: Sendable {
    /// The network's only output for one tile.
    ///
    /// - Parameters:
    ///   - part: The part's name.
    ///   - artifact: What the tensors are called and how they are stored.
    ///   - tile: Which file, and which function in it, is the network of this size.
    ///   - inputs: One tensor for each of `artifact.inputs`, in that order, of the size that
    ///     `tensorShape(_:tile:)` gives, row-major.
    /// - Returns: The tensor of `artifact.outputs[0]`, row-major.
    /// - Throws: Whatever keeps the network from running; it ends the restoration.
    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored
}
