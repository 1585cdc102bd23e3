/// The bundle's manifest: what the networks are, how to feed them, and what was measured.
///
/// A *cell* is `stride` pixels square; a tensor's real value is `scale * (stored - zeroPoint)`.
public struct Manifest: Sendable {
    public let formatVersion: Int
    public let name: String
    public let version: String
    public let parts: [PartName: Part]
    /// Every file of the bundle by its path, with `/` between folders.
    public let files: [String: FileEntry]
    public let provenance: Provenance
    /// The scratch detector sees the photo shrunk by a whole factor until its long side fits this.
    public let workingSide: Int
    /// Probability from which a pixel counts as damaged, 0..1.
    public let scratchThreshold: Double
    /// Score from which a find counts as a face, 0..1.
    public let finderThreshold: Double
    /// End-to-end figures on the evaluation photos, by name.
    public let figures: [String: Double]
}

/// A step of the pipeline.
public struct Part: Sendable {
    /// A cell's side in pixels.
    public let stride: Int
    /// Receptive-field radius in cells.
    public let halo: Int
    public let macsPerCell: Int
    public let parameters: Int
    public let artifacts: [Artifact]
}

/// One part in one format and precision.
public struct Artifact: Sendable {
    public let format: Format
    public let precision: Precision
    public let inputs: [Tensor]
    public let outputs: [Tensor]
    public let tiles: [Tile]
    public let golden: [Golden]
    public let gate: Gate
}

/// An input or output: `(1, rows, columns, channels)` of its tile, or `(1, shape...)` if that is given.
public struct Tensor: Sendable {
    public let role: Role
    public let name: String
    public let channels: Int
    public let dtype: DataType
    /// 1 for float tensors.
    public let scale: Double
    /// 0 for float tensors.
    public let zeroPoint: Int
    /// For tensors that do not follow the tile: the context, the thumbnail, the curves.
    public let shape: [Int]?
}

/// A network for one fixed tile, halo included, in cells.
public struct Tile: Hashable, Sendable {
    public let rows: Int
    public let columns: Int
    /// Path in the bundle. A Core ML package is a folder: its files are listed one by one.
    public let file: String
    /// The function of a Core ML package, or the signature of a LiteRT file; nil: its only one.
    public let function: String?
}

/// Inputs and expected outputs of one tile: raw little-endian tensors, in the artifact's order.
public struct Golden: Sendable {
    /// Index into the artifact's tiles.
    public let tile: Int
    /// Paths in the bundle.
    public let inputs: [String]
    /// Paths in the bundle.
    public let outputs: [String]
    /// Largest difference allowed, in stored units.
    public let tolerance: Double
}

/// What the artifact was proven with, against the full-precision network; PSNR in dB.
public struct Gate: Sendable {
    public let outputPSNR: Double
    /// On output minus input of the chain that ends here; only for the decoder.
    public let residualPSNR: Double?
    public let worstTilePSNR: Double
    public let tiles: Int
    public let data: String
}

/// What a file must be.
public struct FileEntry: Equatable, Sendable {
    /// 64 hexadecimal digits, in lower case.
    public let sha256: String
    public let bytes: Int
}

/// Where the weights come from.
public struct Provenance: Sendable {
    public let recipe: String
    public let data: String
    public let licence: String
    public let tools: [String: String]
}

/// The tensor's shape in the network for `tile`, without the batch dimension, which is 1.
public func tensorShape(_ tensor: Tensor, tile: Tile) -> [Int] {
    tensor.shape ?? [tile.rows, tile.columns, tensor.channels]
}

extension Tensor {
    /// How many values the tensor has in the network for `tile`.
    func count(_ tile: Tile) -> Int { Self.product(tensorShape(self, tile: tile)) }

    /// How many bytes the tensor takes as a golden file.
    func bytes(_ tile: Tile) -> Int {
        Self.product(tensorShape(self, tile: tile) + [dtype == .float32 ? 4 : 1])
    }

    /// `Int.max` where an untrue manifest would make it overflow.
    private static func product(_ sides: [Int]) -> Int {
        sides.reduce(1) { product, side in
            let (next, overflow) = product.multipliedReportingOverflow(by: side)
            return overflow ? .max : next
        }
    }
}
