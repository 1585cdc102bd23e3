package org.heirloom.core

import java.math.BigInteger

/** The supported version of the bundle's format. */
const val FORMAT_VERSION = 2L

/**
 * Decodes and checks `manifest.json`, without looking at any other file.
 *
 * Throws [UnknownBundleVersion] or [InvalidManifest].
 */
fun decodeManifest(raw: ByteArray): Manifest {
    val manifest =
        try {
            val fields = Entry("$", parseJson(raw))
            // The version comes first: a later format must not be mistaken for a broken manifest.
            val version = fields.required("format_version").value
            if ((version is Long || version is BigInteger) && version != FORMAT_VERSION) {
                throw UnknownBundleVersion(
                    "The bundle has format version $version, and this release reads $FORMAT_VERSION: use " +
                        "a release that matches the bundle.",
                )
            }
            manifest(fields)
        } catch (error: JsonError) {
            throw InvalidManifest("The bundle's manifest is invalid: ${error.message}.", error)
        }
    checkConsistency(manifest)
    return manifest
}

private val SHA256 = Regex("[0-9a-f]{64}")

private fun manifest(fields: Entry): Manifest {
    fields.only(
        "format_version",
        "name",
        "version",
        "parts",
        "files",
        "provenance",
        "working_side",
        "detection",
        "finder_threshold",
        "figures",
    )
    val version = fields.required("format_version").value
    if (version != FORMAT_VERSION) throw JsonError("the version is not a number")
    return Manifest(
        name = fields.required("name").string(),
        version = fields.required("version").string(),
        parts = fields.required("parts").each(ROLES::containsKey, ::part),
        files = fields.required("files").each(PATH::matches, ::file),
        provenance = provenance(fields.required("provenance")),
        workingSide = fields.optional("working_side")?.int(1) ?: 1024,
        detection = fields.optional("detection")?.let(::detection) ?: Detection(),
        finderThreshold = fields.optional("finder_threshold")?.numberIn { it > 0 && it < 1 } ?: 0.5,
        figures = fields.optional("figures")?.each(read = Entry::number) ?: emptyMap(),
    )
}

private fun detection(entry: Entry): Detection {
    entry.only(
        "largest_side",
        "smallest_side",
        "high",
        "low",
        "large",
        "thick",
        "thick_mean",
        "thick_spread",
        "thin_from",
        "thin_high",
        "thin_low",
        "thin",
        "face_thick",
        "grow",
    )
    val usual = Detection()
    val count = { name: String -> entry.optional(name)?.int(1) }
    val level = { name: String, min: Int -> entry.optional(name)?.int(min, 255) }
    return Detection(
        largestSide = count("largest_side") ?: usual.largestSide,
        smallestSide = count("smallest_side") ?: usual.smallestSide,
        high = level("high", 1) ?: usual.high,
        low = level("low", 1) ?: usual.low,
        large = entry.optional("large")?.int(0) ?: usual.large,
        thick = count("thick") ?: usual.thick,
        thickMean = level("thick_mean", 0) ?: usual.thickMean,
        thickSpread = level("thick_spread", 0) ?: usual.thickSpread,
        thinFrom = entry.optional("thin_from")?.int(0) ?: usual.thinFrom,
        thinHigh = level("thin_high", 1) ?: usual.thinHigh,
        thinLow = level("thin_low", 1) ?: usual.thinLow,
        thin = count("thin") ?: usual.thin,
        faceThick = count("face_thick") ?: usual.faceThick,
        grow = entry.optional("grow")?.int(0) ?: usual.grow,
    )
}

private fun part(entry: Entry): Part {
    entry.only("stride", "halo", "step", "macs_per_cell", "parameters", "artifacts")
    return Part(
        stride = entry.required("stride").int(1),
        halo = entry.required("halo").int(0),
        step = entry.required("step").int(1),
        macsPerCell = entry.required("macs_per_cell").whole(0),
        parameters = entry.required("parameters").whole(0),
        artifacts = entry.required("artifacts").filledList(::artifact),
    )
}

private fun artifact(entry: Entry): Artifact {
    entry.only("format", "precision", "inputs", "outputs", "tiles", "golden", "gate", "resizes")
    return Artifact(
        format = entry.required("format").oneOf(FORMATS),
        precision = entry.required("precision").oneOf(PRECISIONS),
        inputs = entry.required("inputs").list(::tensor),
        outputs = entry.required("outputs").list(::tensor),
        tiles = entry.required("tiles").filledList(::tile),
        golden = entry.required("golden").filledList(::golden),
        gate = gate(entry.required("gate")),
        resizes = entry.optional("resizes")?.flag() ?: false,
    )
}

private fun tensor(entry: Entry): Tensor {
    entry.only("role", "name", "channels", "dtype", "scale", "zero_point", "shape")
    return Tensor(
        role = entry.required("role").oneOf(ALL_ROLES),
        name = entry.required("name").string(),
        channels = entry.required("channels").int(1),
        dtype = DataType.valueOf(entry.required("dtype").oneOf(DATA_TYPES).uppercase()),
        scale = entry.optional("scale")?.numberIn { it > 0 } ?: 1.0,
        zeroPoint = entry.optional("zero_point")?.int(Int.MIN_VALUE) ?: 0,
        shape = entry.optional("shape")?.nullable { shape -> shape.list { it.int(1) } },
    )
}

private fun tile(entry: Entry): Tile {
    entry.only("rows", "columns", "file", "function")
    return Tile(
        rows = entry.required("rows").int(1),
        columns = entry.required("columns").int(1),
        file = entry.required("file").path(),
        function = entry.optional("function")?.nullable(Entry::string),
    )
}

private fun golden(entry: Entry): Golden {
    entry.only("rows", "columns", "inputs", "outputs", "tolerance")
    return Golden(
        rows = entry.required("rows").int(1),
        columns = entry.required("columns").int(1),
        inputs = entry.required("inputs").list(Entry::path),
        outputs = entry.required("outputs").list(Entry::path),
        tolerance = entry.required("tolerance").numberIn { it >= 0 },
    )
}

private fun gate(entry: Entry): Gate {
    entry.only("output_psnr", "residual_psnr", "worst_tile_psnr", "tiles", "data")
    return Gate(
        outputPsnr = entry.required("output_psnr").number(),
        residualPsnr = entry.required("residual_psnr").nullable(Entry::number),
        worstTilePsnr = entry.required("worst_tile_psnr").number(),
        tiles = entry.required("tiles").whole(1),
        data = entry.required("data").string(),
    )
}

private fun file(entry: Entry): BundleFile {
    entry.only("sha256", "bytes")
    return BundleFile(entry.required("sha256").matching(SHA256), entry.required("bytes").whole(0))
}

private fun provenance(entry: Entry): Provenance {
    entry.only("recipe", "data", "licence", "tools")
    return Provenance(
        recipe = entry.required("recipe").string(),
        data = entry.required("data").string(),
        licence = entry.required("licence").string(),
        tools = entry.required("tools").each(read = Entry::string),
    )
}
