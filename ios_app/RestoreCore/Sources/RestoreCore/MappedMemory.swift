import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Memory for a plane: on the heap if it is small, else in a temporary file that the system writes out when
/// memory is scarce. The file is deleted when the memory is freed or the process ends.
final class MappedMemory {
    /// Minimum bytes of memory that is mapped by default.
    static let minMapped = 16 << 20

    let base: UnsafeMutableRawPointer
    let isMapped: Bool
    private let bytes: Int

    /// Allocates uninitialized memory. Throws `memoryBudgetExceeded` if there is no room for the file.
    init(bytes: Int, mapped: Bool? = nil) throws {
        self.bytes = max(1, bytes)
        isMapped = mapped ?? (bytes >= Self.minMapped)
        base =
            isMapped
            ? try Self.map(self.bytes)
            : UnsafeMutableRawPointer.allocate(byteCount: self.bytes, alignment: 16)
    }

    deinit {
        if isMapped { munmap(base, bytes) } else { base.deallocate() }
    }

    private static func map(_ bytes: Int) throws -> UnsafeMutableRawPointer {
        let folder = FileManager.default.temporaryDirectory
        var path = Array(folder.appendingPathComponent("heirloom-XXXXXX").path.utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { throw tooLarge(bytes) }
        defer { close(file) }
        unlink(path)
        // Room for all of it at once: a full disk would otherwise end the process while it writes.
        guard reserve(file, bytes) else { throw tooLarge(bytes) }
        guard let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else { throw tooLarge(bytes) }
        return base
    }

    private static func reserve(_ file: Int32, _ bytes: Int) -> Bool {
        #if canImport(Darwin)
            var wanted = fstore_t(
                fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
                fst_length: off_t(bytes), fst_bytesalloc: 0)
            return fcntl(file, F_PREALLOCATE, &wanted) != -1 && ftruncate(file, off_t(bytes)) == 0
        #else
            return posix_fallocate(file, 0, off_t(bytes)) == 0
        #endif
    }

    private static func tooLarge(_ bytes: Int) -> HeirloomError {
        HeirloomError(
            .memoryBudgetExceeded,
            "This photo needs \((bytes >> 20) + 1) MB of free storage while it is restored: free some, or "
                + "shrink the photo.")
    }
}
