import Foundation

extension Manifest {
    /// The supported version of the bundle's format.
    public static let readVersion = 2

    /// Decodes and checks the text of `manifest.json`, without looking at any other file.
    ///
    /// Throws `unknownBundleVersion` or `invalidManifest`.
    public init(json: Data) throws {
        do {
            // The version comes first: a later format must not be mistaken for a broken manifest.
            let version = try JSONDecoder().decode(AnyVersion.self, from: json).text
            if let version, version != String(Self.readVersion) {
                throw HeirloomError(
                    .unknownBundleVersion,
                    "The bundle has format version \(version), and this release reads \(Self.readVersion): "
                        + "use a release that matches the bundle.")
            }
            self = try JSONDecoder().decode(Manifest.self, from: json)
        } catch let error as DecodingError {
            throw HeirloomError(.invalidManifest, "The bundle's manifest is invalid: \(error.sentence).")
        }
        try checkConsistency()
    }
}

/// The one field that every format version has.
private struct AnyVersion: Decodable {
    /// The version as text; nil if it is no whole number, as in a broken manifest of this release.
    let text: String?

    private enum Key: String, CodingKey {
        case version = "format_version"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let whole = try? fields.decode(Int.self, forKey: .version) {
            text = String(whole)
        } else if let large = try? fields.decode(Double.self, forKey: .version), abs(large) >= 0x1p63 {
            text = String(large)
        } else {
            text = nil
        }
    }
}

extension Manifest: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder,
            [
                "format_version", "name", "version", "parts", "files", "provenance", "working_side",
                "detection", "finder_threshold", "figures",
            ])
        formatVersion = try fields.whole("format_version", Self.readVersion...Self.readVersion)
        name = try fields.value("name")
        version = try fields.value("version")
        parts = try fields.value("parts", as: Named<PartName, Part>.self).values
        files = try fields.value("files", as: Named<RelativePath, FileEntry>.self).values.reduce(into: [:])
        {
            $0[$1.key.rawValue] = $1.value
        }
        provenance = try fields.value("provenance")
        workingSide = try fields.whole("working_side", 1..., orElse: 1024)
        detection = try fields.has("detection") ? fields.value("detection") : Detection()
        finderThreshold = try fields.has("finder_threshold") ? fields.share("finder_threshold") : 0.5
        figures = try fields.has("figures") ? fields.value("figures") : [:]
    }
}

extension Part: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["stride", "halo", "step", "macs_per_cell", "parameters", "artifacts"])
        stride = try fields.whole("stride", 1...)
        halo = try fields.whole("halo", 0...)
        step = try fields.whole("step", 1...)
        macsPerCell = try fields.whole("macs_per_cell", 0...)
        parameters = try fields.whole("parameters", 0...)
        artifacts = try fields.someOf("artifacts")
    }
}

extension Detection: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder,
            [
                "largest_side", "smallest_side", "high", "low", "large", "thick", "thick_mean",
                "thick_spread", "thin_from", "thin_high", "thin_low", "thin", "face_thick", "grow",
            ])
        largestSide = try fields.whole("largest_side", 1..., orElse: largestSide)
        smallestSide = try fields.whole("smallest_side", 1..., orElse: smallestSide)
        high = try fields.whole("high", 1...255, orElse: high)
        low = try fields.whole("low", 1...255, orElse: low)
        large = try fields.whole("large", 0..., orElse: large)
        thick = try fields.whole("thick", 1..., orElse: thick)
        thickMean = try fields.whole("thick_mean", 0...255, orElse: thickMean)
        thickSpread = try fields.whole("thick_spread", 0...255, orElse: thickSpread)
        thinFrom = try fields.whole("thin_from", 0..., orElse: thinFrom)
        thinHigh = try fields.whole("thin_high", 1...255, orElse: thinHigh)
        thinLow = try fields.whole("thin_low", 1...255, orElse: thinLow)
        thin = try fields.whole("thin", 1..., orElse: thin)
        faceThick = try fields.whole("face_thick", 1..., orElse: faceThick)
        grow = try fields.whole("grow", 0..., orElse: grow)
    }
}

extension Artifact: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["format", "precision", "inputs", "outputs", "tiles", "golden", "gate", "resizes"])
        format = try fields.value("format")
        precision = try fields.value("precision")
        inputs = try fields.value("inputs")
        outputs = try fields.value("outputs")
        tiles = try fields.someOf("tiles")
        golden = try fields.someOf("golden")
        gate = try fields.value("gate")
        resizes = try fields.has("resizes") ? fields.value("resizes") : false
    }
}

extension Tensor: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["role", "name", "channels", "dtype", "scale", "zero_point", "shape"])
        role = try fields.value("role")
        name = try fields.value("name")
        channels = try fields.whole("channels", 1...)
        dtype = try fields.value("dtype")
        scale = try fields.has("scale") ? fields.real("scale") { $0 > 0 } : 1
        zeroPoint = try fields.has("zero_point") ? fields.value("zero_point") : 0
        let sides: [Int]? = try fields.orNull("shape")
        if let sides, sides.contains(where: { $0 < 1 }) {
            throw fields.problem("shape", "has a side below 1")
        }
        shape = sides
    }
}

extension Tile: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["rows", "columns", "file", "function"])
        rows = try fields.whole("rows", 1...)
        columns = try fields.whole("columns", 1...)
        file = try fields.value("file", as: RelativePath.self).rawValue
        function = try fields.orNull("function")
    }
}

extension Golden: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["rows", "columns", "inputs", "outputs", "tolerance"])
        rows = try fields.whole("rows", 1...)
        columns = try fields.whole("columns", 1...)
        inputs = try fields.value("inputs", as: [RelativePath].self).map(\.rawValue)
        outputs = try fields.value("outputs", as: [RelativePath].self).map(\.rawValue)
        tolerance = try fields.real("tolerance") { $0 >= 0 }
    }
}

extension Gate: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(
            decoder, ["output_psnr", "residual_psnr", "worst_tile_psnr", "tiles", "data"])
        outputPSNR = try fields.value("output_psnr")
        guard fields.has("residual_psnr") else { throw fields.problem("residual_psnr", "is missing") }
        residualPSNR = try fields.orNull("residual_psnr")
        worstTilePSNR = try fields.value("worst_tile_psnr")
        tiles = try fields.whole("tiles", 1...)
        data = try fields.value("data")
    }
}

extension FileEntry: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["sha256", "bytes"])
        sha256 = try fields.value("sha256")
        let digits = Set("0123456789abcdef")
        if sha256.count != 64 || !sha256.allSatisfy(digits.contains) {
            throw fields.problem("sha256", "is not 64 hexadecimal digits")
        }
        bytes = try fields.whole("bytes", 0...)
    }
}

extension Provenance: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, ["recipe", "data", "licence", "tools"])
        recipe = try fields.value("recipe")
        data = try fields.value("data")
        licence = try fields.value("licence")
        tools = try fields.value("tools")
    }
}
