import RestoreCore
import os

/// Memory that the app may still allocate before the system ends it.
enum FreeMemory {
    /// Bytes that are free; nil where the system sets no limit, as in the Simulator.
    static func bytes() -> Int? {
        let free = os_proc_available_memory()
        return free > 0 ? free : nil
    }

    /// Throws unless a photo of that size can be decoded, restored and encoded in `free` bytes.
    static func check(_ free: Int?, for size: Upright) throws {
        // While it is decoded, and while it is encoded, the system holds a second copy of its pixels.
        let coding = Budget.base + 8 * size.height * size.width
        let needed = max(coding, Budget.memory(height: size.height, width: size.width))
        if let free, free < needed {
            throw Problem.tooLittleMemory(needed: needed >> 20, free: free >> 20)
        }
    }
}
