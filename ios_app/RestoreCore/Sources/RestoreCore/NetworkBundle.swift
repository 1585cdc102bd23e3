import Foundation

/// A checked bundle of networks: a folder with `manifest.json`, networks and golden vectors.
public struct NetworkBundle: Sendable {
    public let folder: URL
    public let manifest: Manifest
    /// SHA-256 of the manifest's file, 64 hexadecimal digits, which identifies the bundle's whole content.
    public let digest: String

    init(folder: URL, manifest: Manifest, digest: String) {
        (self.folder, self.manifest, self.digest) = (folder, manifest, digest)
    }

    /// Reads the bundle in `folder` and checks every file that its manifest lists. Takes as long as reading
    /// them all.
    ///
    /// Throws `unknownBundleVersion`, `invalidManifest`, `missingBundleFile` or `checksumMismatch`.
    public init(opening folder: URL) throws {
        let raw: Data
        do {
            raw = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
        } catch {
            throw HeirloomError(
                .invalidManifest, "\(folder.path) is not a bundle: its manifest.json can't be read.")
        }
        let manifest = try Manifest(json: raw)
        for (name, entry) in manifest.files.sorted(by: { $0.key < $1.key }) {
            try Self.check(folder, name, entry)
        }
        self.init(folder: folder, manifest: manifest, digest: SHA256.hexadecimal(of: raw))
    }

    /// Parts of more than a million weights, which a bundle may have in INT8 only.
    private static let large: Set<PartName> = [.scratch, .face]

    /// The part's networks in `precision`, in the first of `formats` that has them.
    ///
    /// Float16 weights stand in for float32 ones. `tone` may exist in float only (it is tiny and runs once a
    /// photo), and large parts in INT8 only. Throws `missingArtifact`.
    public func artifact(of name: PartName, precision: Precision, formats: [Format]) throws -> Artifact {
        guard let part = manifest.parts[name] else {
            throw HeirloomError(
                .missingArtifact,
                "The bundle \(manifest.name) has no \(name.rawValue): use a bundle of mobile networks, like "
                    + "the one that ships with Heirloom.")
        }
        var wanted = precision == .float32 ? [.float32, .float16] : [precision]
        if name == .tone { wanted += [.float32, .float16] }
        if Self.large.contains(name) { wanted.append(.int8) }
        for format in formats {
            for candidate in wanted {
                let found = part.artifacts.first { $0.precision == candidate && $0.format == format }
                if let found { return found }
            }
        }
        let names = formats.map(\.rawValue).joined(separator: ", ")
        throw HeirloomError(
            .missingArtifact,
            "The bundle \(manifest.name) has no \(name.rawValue) in \(precision.rawValue) for \(names).")
    }

    /// A golden tensor of the bundle, in stored units: raw little-endian values in the file at `path`.
    func tensor(_ path: String, as tensor: Tensor) throws -> Stored {
        guard let raw = try? Data(contentsOf: folder.appendingPathComponent(path)) else {
            throw Self.missing(path)
        }
        switch tensor.dtype {
        case .int8: return .int8(raw.map { Int8(bitPattern: $0) })
        case .uint8: return .uint8([UInt8](raw))
        case .float32:
            return raw.withUnsafeBytes { bytes in
                let count = bytes.count / 4
                return .float32(
                    (0..<count).map { index in
                        let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                        return Float(bitPattern: UInt32(littleEndian: bits))
                    })
            }
        }
    }

    private static func check(_ folder: URL, _ name: String, _ expected: FileEntry) throws {
        let url = folder.appendingPathComponent(name)
        let real = url.resolvingSymlinksInPath()
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: real.path, isDirectory: &isFolder), !isFolder.boolValue
        else { throw missing(name) }
        // The schema refuses "..", but a symbolic link could still lead elsewhere.
        guard real.path.hasPrefix(folder.resolvingSymlinksInPath().path + "/") else {
            throw HeirloomError(.invalidManifest, "\(name) leads out of the bundle.")
        }
        guard let found = try? SHA256.entry(of: real) else { throw missing(name) }
        guard found == expected else {
            throw HeirloomError(
                .checksumMismatch,
                "\(name) is not the file that the manifest lists: copy the bundle again.")
        }
    }

    private static func missing(_ name: String) -> HeirloomError {
        HeirloomError(.missingBundleFile, "\(name) is missing from the bundle: copy it again.")
    }
}
