/// What a restoration will need, before it starts.
///
/// The latent of a large photo lies in a temporary file, so that it takes storage and not memory; what is
/// left of the memory is the pixels, a mask, and what is the same for every photo.
public enum Budget {
    /// The networks' weights and what Core ML keeps besides: an estimate, taken from the desktop's
    /// runtimes.
    public static let base = 130 << 20

    /// A tile's tensors inside the runtime and its copies outside, for each of its cells: an estimate,
    /// likewise.
    static let bytesPerCell = 2200

    /// Bytes of memory for a photo of `height` x `width` pixels, with `bytesPerPixel` of them 4 for RGBA
    /// and 8 for RGBA of 16 bits.
    public static func memory(height: Int, width: Int, bytesPerPixel: Int = 4) -> Int {
        base + height * width * (bytesPerPixel + 1)
    }

    /// Bytes of storage that the latent takes while such a photo is restored by networks of this `encoder`.
    public static func storage(height: Int, width: Int, encoder: Artifact, stride: Int = 4) -> Int {
        let tensor = encoder.outputs[0]
        let cells = parts(of: height, stride) * parts(of: width, stride)
        return cells * tensor.channels * Plane.Storage(tensor, of: encoder).bytes
    }

    /// The largest tile, in cells, that leaves three quarters of the free budget to the photo.
    static func mostCells(maxMemory: Int?) -> Int? {
        maxMemory.map { max(0, $0 - base) / 4 / bytesPerCell }
    }

    /// Throws `memoryBudgetExceeded`, saying what would be enough, if the photo can't be restored in it.
    static func check(maxMemory: Int?, _ pixels: any Pixels) throws {
        let bytesPerPixel = pixels.top == 255 ? 4 : 8
        let needed = memory(height: pixels.height, width: pixels.width, bytesPerPixel: bytesPerPixel)
        let enough = needed + (needed - base) / 3
        if let maxMemory, maxMemory < enough {
            throw HeirloomError(
                .memoryBudgetExceeded,
                "A photo of \(pixels.width)x\(pixels.height) pixels needs about \(enough >> 20) MB of memory, and "
                    + "\(max(0, maxMemory) >> 20) MB are free: close other apps, or shrink the photo.")
        }
    }
}
