package org.heirloom.core

import java.io.ByteArrayInputStream
import java.io.FileNotFoundException
import java.security.MessageDigest

/** Networks in integer arithmetic, the same in every language. */
class Toy(
    private val finderPoints: IntArray,
) : PartRunner {
    override fun run(
        part: String,
        artifact: Artifact,
        tile: Tile,
        inputs: List<Stored>,
    ): Stored {
        if (part == "tone") return FloatValues(tone())
        val all = inputs.map { (it as Int8Values).values }
        val grid = Grid(all[0], tile.rows, tile.columns)
        val result =
            when (part) {
                "scratch" -> grid.box(16).map { if (it > 90) 127 else -128 }
                "encoder", "mapper" -> grid.box(8)
                "mapper_global" -> mapped(grid.box(8), all[1], all[2])
                "decoder" -> decoded(Grid(all[1], tile.rows, tile.columns), all[0])
                "finder" -> found(grid)
                else -> List(64 * 64 * 48) { face(all[0], it / 48 * 96 + it % 48) }
            }
        return Int8Values(ByteArray(result.size) { result[it].toByte() })
    }

    override fun close() = Unit

    private fun tone() =
        FloatArray(27) {
            when (it % 9) {
                0 -> (0.02 * (it / 9 + 1)).toFloat()
                1 -> 0.14f
                2 -> 0.11f
                else -> 0.12f
            }
        }

    private fun mapped(
        latent: List<Int>,
        mask: ByteArray,
        context: ByteArray,
    ) = latent.mapIndexed { i, value ->
        val isDamaged = mask[i / 8 * 16 + i % 8] > 0
        if (isDamaged) value + Math.floorDiv(context[5 * 8 + i % 8] - value, 2) else value
    }

    private fun decoded(
        latent: Grid,
        photo: ByteArray,
    ) = latent.box(48).mapIndexed { i, value -> Math.floorDiv(value, 4) + Math.floorDiv(photo[i].toInt(), 16) }

    private fun found(grid: Grid): List<Int> {
        val cells = grid.rows * grid.columns
        val bright = (0 until cells).map { cell -> (0 until grid.channels).sumOf { grid.at(cell, it) } }
        val brightest = bright.indexOf(bright.max())
        val half = grid.channels / 2
        val above = (0 until half).sumOf { grid.at(brightest, it) }
        val below = (half until grid.channels).sumOf { grid.at(brightest, it) }
        // Surer of what grows darker downwards, so that it knows which way up a face is.
        val sure = if (above - below > 100) 127 else 30
        return List(cells * 11) {
            when {
                it / 11 != brightest || bright[brightest] <= 20_000 -> -128
                it % 11 == 0 -> sure
                else -> finderPoints[it % 11 - 1]
            }
        }
    }

    private fun face(
        pair: ByteArray,
        at: Int,
    ) = Math.floorDiv(pair[at] - pair[at + 48], 4)
}

private class Grid(
    private val values: ByteArray,
    val rows: Int,
    val columns: Int,
) {
    val channels = values.size / (rows * columns)

    fun at(
        cell: Int,
        channel: Int,
    ) = values[cell * channels + channel].toInt()

    /** Mean of 3 x 3 neighbours, rounded down; output channel o of input channel 5 o + 3. */
    fun box(outputs: Int) =
        List(rows * columns * outputs) {
            val cell = it / outputs
            var sum = 0
            for (y in cell / columns - 1..cell / columns + 1) {
                for (x in cell % columns - 1..cell % columns + 1) {
                    val neighbour = y.coerceIn(0, rows - 1) * columns + x.coerceIn(0, columns - 1)
                    sum += at(neighbour, (it % outputs * 5 + 3) % channels)
                }
            }
            Math.floorDiv(sum, 9)
        }
}

/** A bundle with [manifest] whose other files are [contents], or full of zeros, and listed as they are. */
fun bundleOf(
    manifest: String,
    contents: Map<String, ByteArray> = emptyMap(),
): Bundle {
    val zeros = "0".repeat(64)
    var text = manifest
    val files = HashMap<String, ByteArray>()
    for ((path, file) in decodeManifest(manifest.toByteArray()).files) {
        val content = contents[path] ?: ByteArray(file.bytes.toInt())
        files[path] = content
        val digest = MessageDigest.getInstance("SHA-256").digest(content)
        val listed = digest.joinToString("") { "%02x".format(it) }
        text = text.replaceFirst("\"$path\":{\"sha256\":\"$zeros\"", "\"$path\":{\"sha256\":\"$listed\"")
    }
    return Bundle.open(
        object : BundleSource {
            override fun open(path: String) =
                when (path) {
                    Bundle.MANIFEST_NAME -> text.byteInputStream()
                    in files -> ByteArrayInputStream(files.getValue(path))
                    else -> throw FileNotFoundException(path)
                }
        },
    )
}
