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
    /// Tone and faces are judged on the photo shrunk by a whole factor until its long side fits this.
    public let workingSide: Int
    public let detection: Detection
    /// Minimum score of a face, 0...1.
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
    /// Tiles begin at multiples of so many cells, where the network halves its grid: both their sides and
    /// the halo are multiples of it.
    public let step: Int
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
    /// Whether its networks run at other sizes than their tiles', too: nothing here does.
    public let resizes: Bool
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
    /// The shape of a tensor that does not follow the tile: the context, the thumbnail, the curves.
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

/// Inputs and expected outputs of some cells: raw little-endian tensors, in the artifact's order.
///
/// A tile is filled with the inputs laid side by side, from its upper left corner on. What its network then
/// gives inside the halo is the outputs laid side by side in the same way.
public struct Golden: Sendable {
    public let rows: Int
    public let columns: Int
    /// Paths in the bundle.
    public let inputs: [String]
    /// Paths in the bundle.
    public let outputs: [String]
    /// Largest difference allowed, in stored units.
    public let tolerance: Double
}

/// Agreement of the artifact with the full-precision network, as measured when it was made; PSNR in dB.
public struct Gate: Sendable {
    public let outputPSNR: Double
    /// PSNR of output minus input of the chain that ends here; only for the decoder.
    public let residualPSNR: Double?
    public let worstTilePSNR: Double
    public let tiles: Int
    public let data: String
}

/// Size and checksum of a file.
public struct FileEntry: Equatable, Sendable {
    /// 64 hexadecimal digits, in lower case.
    public let sha256: String
    public let bytes: Int
}

/// Origin of the weights.
public struct Provenance: Sendable {
    public let recipe: String
    public let data: String
    public let licence: String
    public let tools: [String: String]
}

/// The detection rule: turns the detector's probabilities over a photo into a damage mask.
///
/// Probabilities are in levels: 0...255 for 0...1.
public struct Detection: Equatable, Sendable {
    /// Pixels: a photo with a longer side is shrunk by a whole factor until it fits.
    public var largestSide = 4096
    /// Pixels: smaller halves of the photo are skipped, because faces look like damage there.
    public var smallestSide = 250
    /// A region counts if its highest level reaches this.
    public var high = 255
    /// A region consists of the pixels that reach this.
    public var low = 217
    /// A region of one pixel in so many of the photo counts even if none reaches `high`. 0: none does.
    public var large = 0
    /// A region is thick where a square fits in, of the photo's shorter side divided by this.
    public var thick = 100
    /// A thick region counts only if its mean probability reaches this,
    public var thickMean = 255
    /// and if it is flat, as bare paper is: its lightness has at most this standard deviation, in levels.
    public var thickSpread = 0
    /// A photo of which one pixel in so many counts, or more, is surely damaged: there thin regions count by
    /// a second pair of levels. 0: in no photo.
    public var thinFrom = 0
    /// The second pair: what a region's highest level must reach,
    public var thinHigh = 255
    /// and its pixels.
    public var thinLow = 217
    /// A region is thin where no square fits in, of the photo's shorter side divided by this.
    public var thin = 48
    /// Inside a found face nothing counts where a square fits in, of its box's width divided by this.
    public var faceThick = 16
    /// Pixels around damage that count too: there its paint fades out.
    public var grow = 1

    /// The defaults, for a manifest without a detection rule.
    public init() {}
}

/// The tensor's shape in the network for `tile`, without the batch dimension, which is 1.
public func tensorShape(_ tensor: Tensor, tile: Tile) -> [Int] {
    tensor.shape ?? [tile.rows, tile.columns, tensor.channels]
}

extension Tensor {
    /// Number of values of the tensor in the network for `tile`.
    func count(_ tile: Tile) -> Int { Self.product(tensorShape(self, tile: tile)) }

    /// Bytes of the tensor as a golden file.
    func bytes(_ golden: Golden) -> Int {
        Self.product((shape ?? [golden.rows, golden.columns, channels]) + [dtype == .float32 ? 4 : 1])
    }

    /// The product of `sides`; `Int.max` where a wrong manifest would make it overflow.
    private static func product(_ sides: [Int]) -> Int {
        sides.reduce(1) { product, side in
            let (next, overflow) = product.multipliedReportingOverflow(by: side)
            return overflow ? .max : next
        }
    }
}
