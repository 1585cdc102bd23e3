package org.heirloom.core

import java.math.BigInteger

/** The only version of the bundle's format that is read. */
const val FORMAT_VERSION = 1L

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
private val PATH = Regex("[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

/** A value at a place in the document. What reads it throws [JsonError] if it is not of that kind. */
private class Entry(
    private val place: String,
    val value: Any?,
) {
    private fun fail(wanted: String): Nothing = throw JsonError("$place is not $wanted")

    private val members get() = value as? Map<*, *> ?: fail("an object")

    fun required(name: String) = optional(name) ?: throw JsonError("$place has no $name")

    fun optional(name: String) = if (name in members) Entry("$place.$name", members[name]) else null

    /** The object itself, which may have these fields only. */
    fun only(vararg known: String): Entry {
        for (name in members.keys) if (name !in known) throw JsonError("$place has an unknown field $name")
        return this
    }

    /** An object of any names as a map, in the order of the names. */
    fun <T> each(
        isName: (String) -> Boolean = { true },
        read: (Entry) -> T,
    ): Map<String, T> {
        val read =
            members.entries.map { (name, value) ->
                if (!isName(name as String)) throw JsonError("$place can't have $name")
                name to read(Entry("$place.$name", value))
            }
        return read.sortedBy { it.first }.toMap()
    }

    fun <T> list(read: (Entry) -> T): List<T> =
        (value as? List<*> ?: fail("an array")).mapIndexed { i, each -> read(Entry("$place[$i]", each)) }

    fun <T> filledList(read: (Entry) -> T) = list(read).ifEmpty { fail("filled") }

    fun string() = value as? String ?: fail("a string")

    fun matching(pattern: Regex) = string().takeIf(pattern::matches) ?: fail("of the right form")

    fun path() = matching(PATH)

    fun oneOf(known: Collection<String>) = string().takeIf { it in known } ?: fail("one of $known")

    fun number(): Double =
        when (value) {
            is Double -> value
            is Long -> value.toDouble()
            is BigInteger -> value.toDouble()
            else -> fail("a number")
        }

    fun numberIn(isIn: (Double) -> Boolean) = number().takeIf(isIn) ?: fail("in its range")

    fun whole(least: Long): Long {
        val whole = value as? Long ?: fail("a whole number")
        return if (whole >= least) whole else fail("$least or more")
    }

    fun int(least: Int): Int {
        val whole = whole(least.toLong())
        return if (whole <= Int.MAX_VALUE) whole.toInt() else fail("${Int.MAX_VALUE} or less")
    }

    fun <T> nullable(read: (Entry) -> T): T? = if (value == null) null else read(this)
}

private fun manifest(fields: Entry): Manifest {
    fields.only(
        "format_version",
        "name",
        "version",
        "parts",
        "files",
        "provenance",
        "working_side",
        "scratch_threshold",
        "finder_threshold",
        "figures",
    )
    if (fields.required("format_version").value !=
        FORMAT_VERSION
    ) {
        throw JsonError("the version is not a number")
    }
    val share = { entry: Entry -> entry.numberIn { it > 0 && it < 1 } }
    return Manifest(
        name = fields.required("name").string(),
        version = fields.required("version").string(),
        parts = fields.required("parts").each(ROLES::containsKey, ::part),
        files = fields.required("files").each(PATH::matches, ::file),
        provenance = provenance(fields.required("provenance")),
        workingSide = fields.optional("working_side")?.int(1) ?: 1024,
        scratchThreshold = fields.optional("scratch_threshold")?.let(share) ?: 0.4,
        finderThreshold = fields.optional("finder_threshold")?.let(share) ?: 0.5,
        figures = fields.optional("figures")?.each(read = Entry::number) ?: emptyMap(),
    )
}

private fun part(entry: Entry): Part {
    entry.only("stride", "halo", "macs_per_cell", "parameters", "artifacts")
    return Part(
        stride = entry.required("stride").int(1),
        halo = entry.required("halo").int(0),
        macsPerCell = entry.required("macs_per_cell").whole(0),
        parameters = entry.required("parameters").whole(0),
        artifacts = entry.required("artifacts").filledList(::artifact),
    )
}

private fun artifact(entry: Entry): Artifact {
    entry.only("format", "precision", "inputs", "outputs", "tiles", "golden", "gate")
    return Artifact(
        format = entry.required("format").oneOf(FORMATS),
        precision = entry.required("precision").oneOf(PRECISIONS),
        inputs = entry.required("inputs").list(::tensor),
        outputs = entry.required("outputs").list(::tensor),
        tiles = entry.required("tiles").filledList(::tile),
        golden = entry.required("golden").filledList(::golden),
        gate = gate(entry.required("gate")),
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
    entry.only("tile", "inputs", "outputs", "tolerance")
    return Golden(
        tile = entry.required("tile").int(0),
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
