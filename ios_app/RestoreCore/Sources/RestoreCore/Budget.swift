/// Estimates the memory and storage of a restoration before it starts.
///
/// The latent of a large photo and the fill's levels lie in temporary files, so that they take storage and
/// not memory. Memory holds the pixels, the planes of damage detection, and what is the same for every
/// photo.
public enum Budget {
    /// Bytes of the networks' weights and Core ML's own buffers: an estimate, taken from the desktop's
    /// runtimes.
    public static let base = 130 << 20

    /// A tile's tensors inside the runtime and its copies outside, for each of its cells: an estimate,
    /// likewise.
    static let bytesPerCell = 2200

    /// Bytes of memory for a photo of `height` x `width` pixels, which take `pixelBytes` with their alpha
    /// (nil: those of RGBA in 8 bits); `largestSide` is that of the bundle's `Detection`.
    public static func memory(
        height: Int, width: Int, pixelBytes: Int? = nil, largestSide: Int = Detection().largestSide
    ) -> Int {
        let factor = parts(of: max(height, width), largestSide)
        let seen = parts(of: height, factor) * parts(of: width, factor)
        // The detector's levels, the mask and one more plane; a shrunk picture takes three bytes a pixel.
        let finding = seen * (factor == 1 ? 3 : 6)
        let painted = height * width
        return base + (pixelBytes ?? 4 * height * width) + max(finding, painted)
    }

    /// Bytes of storage that the latent takes while such a photo is restored by networks of this `encoder`.
    public static func storage(height: Int, width: Int, encoder: Artifact, stride: Int = 4) -> Int {
        let tensor = encoder.outputs[0]
        let cells = parts(of: height, stride) * parts(of: width, stride)
        return cells * tensor.channels * Plane.Storage(tensor, of: encoder).bytes
    }

    /// The largest tile, in cells, that leaves three quarters of the free budget to the photo.
    static func maxCells(maxMemory: Int?) -> Int? {
        maxMemory.map { max(0, $0 - base) / 4 / bytesPerCell }
    }

    /// Throws `memoryBudgetExceeded`, with the memory that suffices, if `maxMemory` does not.
    static func check(maxMemory: Int?, _ pixels: any Pixels, _ rule: Detection) throws {
        let needed = memory(
            height: pixels.height, width: pixels.width, pixelBytes: pixels.bytes,
            largestSide: rule.largestSide)
        let enough = needed + (needed - base) / 3
        if let maxMemory, maxMemory < enough {
            throw HeirloomError(
                .memoryBudgetExceeded,
                "A photo of \(pixels.width)x\(pixels.height) pixels needs about \(enough >> 20) MB of memory, and "
                    + "\(max(0, maxMemory) >> 20) MB are free: close other apps, or shrink the photo.")
        }
    }
}
