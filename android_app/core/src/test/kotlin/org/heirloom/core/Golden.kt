package org.heirloom.core

import org.junit.Assert.assertEquals
import java.io.File

/** An object of a golden file, read as what each field is known to be. */
class Vector(
    private val fields: Map<*, *>,
) {
    fun isNull(name: String) = fields[name] == null

    fun number(name: String) = (fields[name] as Number).toDouble()

    fun int(name: String) = number(name).toInt()

    fun flag(name: String) = fields[name] as Boolean

    fun text(name: String) = fields[name] as String?

    fun texts(name: String) = (fields[name] as List<*>).map { it as String }

    fun value(name: String): Any? = fields[name]

    fun each(name: String) = (fields[name] as List<*>).map { Vector(it as Map<*, *>) }

    fun inner(name: String) = Vector(fields[name] as Map<*, *>)

    fun names() = fields.keys.map { it as String }

    fun doubles(name: String) = numbers(fields[name]).map { it.toDouble() }.toDoubleArray()

    fun floats(name: String) = numbers(fields[name]).map { it.toFloat() }.toFloatArray()

    fun ints(name: String) = numbers(fields[name]).map { it.toInt() }.toIntArray()

    fun mask(name: String) = ints(name).map { it != 0 }.toBooleanArray()

    fun rows(name: String) = (fields[name] as List<*>).map { row -> numbers(row).map { it.toInt() } }

    fun box(name: String) = ints(name).let { (top, left, bottom, right) -> Box(top, left, bottom, right) }

    fun sizes(name: String) = rows(name).map { (rows, columns) -> TileSize(rows, columns) }

    /** Pixels of one colour or three. */
    fun picture(name: String): Pixels = inner(name).let { it.pixels(it.ints("values")) }

    /** The same, when this is the picture: with other [values]. */
    fun pixels(values: IntArray): Pixels {
        val shape = ints("shape")
        val colours = shape.getOrElse(2) { 1 }
        return if (int("top") == 255) {
            ArrayPixels(shape[0], shape[1], colours, ByteArray(values.size) { values[it].toByte() })
        } else {
            DeepArrayPixels(shape[0], shape[1], colours, ShortArray(values.size) { values[it].toShort() })
        }
    }

    fun tensor(name: String): Tensor {
        val spec = inner(name)
        return Tensor(
            role = spec.text("role")!!,
            name = spec.text("name")!!,
            channels = spec.int("channels"),
            dtype = DataType.valueOf(spec.text("dtype")!!.uppercase()),
            scale = spec.number("scale"),
            zeroPoint = spec.int("zero_point"),
            shape = if (spec.isNull("shape")) null else spec.ints("shape").toList(),
        )
    }

    /** The mask of the shape that goes with it. */
    fun mask() = ints("mask_shape").let { (height, width) -> Mask(height, width, mask("mask")) }

    /** When this is the rule by which damage is found. */
    fun detection() =
        Detection(
            largestSide = int("largest_side"),
            smallestSide = int("smallest_side"),
            high = int("high"),
            low = int("low"),
            large = int("large"),
            thick = int("thick"),
            thickMean = int("thick_mean"),
            thickSpread = int("thick_spread"),
            thinFrom = int("thin_from"),
            thinHigh = int("thin_high"),
            thinLow = int("thin_low"),
            thin = int("thin"),
            faceThick = int("face_thick"),
            grow = int("grow"),
        )

    fun stored(
        name: String,
        spec: Tensor,
    ): Stored =
        if (spec.dtype == DataType.FLOAT32) {
            FloatValues(floats(name))
        } else {
            Int8Values(ints(name).map { it.toByte() }.toByteArray())
        }

    private fun numbers(value: Any?) = (value as List<*>).map { it as Number }
}

/** The golden file called [name]. */
fun golden(name: String) = Vector(parseJson(File(goldenFolder, name).readBytes()) as Map<*, *>)

private val goldenFolder: File by lazy {
    System.getProperty("heirloom.golden")?.let(::File)
        ?: generateSequence(File("").absoluteFile) { it.parentFile }
            .map { File(it, "tests/golden") }
            .first { it.isDirectory }
}

/** All samples of pixels, row-major. */
fun samples(pixels: Picture): IntArray {
    val line = pixels.width * pixels.colours
    val all = IntArray(pixels.height * line)
    for (row in 0 until pixels.height) pixels.read(row, 0, pixels.width, all, row * line)
    return all
}

fun assertInts(
    what: String,
    expected: IntArray,
    found: IntArray,
) {
    assertEquals("$what: size", expected.size, found.size)
    val differing = expected.indices.filter { expected[it] != found[it] }
    if (differing.isNotEmpty()) {
        val at = differing[0]
        throw AssertionError(
            "$what: ${differing.size} of ${expected.size} differ, at $at ${found[at]}, not ${expected[at]}",
        )
    }
}

fun assertMask(
    what: String,
    expected: BooleanArray,
    found: BooleanArray,
) = assertInts(what, ints(expected), ints(found))

private fun ints(mask: BooleanArray) = IntArray(mask.size) { if (mask[it]) 1 else 0 }

/** Each within [tolerance], relative to values above 1. */
fun assertDoubles(
    what: String,
    expected: DoubleArray,
    found: DoubleArray,
    tolerance: Double,
) {
    assertEquals("$what: size", expected.size, found.size)
    for (i in expected.indices) {
        val allowed = tolerance * maxOf(1.0, Math.abs(expected[i]))
        assertEquals("$what: $i", expected[i], found[i], allowed)
    }
}

fun assertFloats(
    what: String,
    expected: FloatArray,
    found: FloatArray,
) = assertInts(
    what,
    expected.map { (it + 0f).toRawBits() }.toIntArray(),
    found.map { (it + 0f).toRawBits() }.toIntArray(),
)

/** Integers as such, floats by their bits. */
fun assertStored(
    what: String,
    expected: Stored,
    found: Stored,
) = when (expected) {
    is FloatValues -> assertFloats(what, expected.values, (found as FloatValues).values)
    is Int8Values -> assertInts(what, ints(expected), ints(found as Int8Values))
}

private fun ints(values: Int8Values) = values.values.map { it.toInt() }.toIntArray()
