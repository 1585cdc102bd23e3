import Foundation

#if canImport(CryptoKit)
    import CryptoKit
#endif

/// SHA-256 of bytes and files, by CryptoKit where it exists.
enum SHA256 {
    #if canImport(CryptoKit)
        typealias Hasher = CryptoKit.SHA256
    #else
        typealias Hasher = PlainSHA256
    #endif

    /// The digest as 64 hexadecimal digits.
    static func hexadecimal(of data: Data) -> String {
        var hasher = Hasher()
        hasher.update(data: data)
        return hexadecimal(hasher.finalize())
    }

    /// The manifest's entry for a file. Throws if it can't be read.
    static func entry(of url: URL) throws -> FileEntry {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hasher = Hasher()
        var bytes = 0
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            hasher.update(data: piece)
            bytes += piece.count
        }
        return FileEntry(sha256: hexadecimal(hasher.finalize()), bytes: bytes)
    }

    static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }
}
