package org.heirloom.core

import java.math.BigDecimal
import java.math.RoundingMode

/** A colour file whose channels differ by so many levels at most, nearly everywhere, shows a gray photo. */
private const val GRAY_TOLERANCE = 4

/**
 * Restores photos with a bundle's networks in one precision.
 *
 * Throws [MissingArtifact] at once if the bundle lacks a network that every photo needs. [maxMemory]: bytes
 * that the whole process may use (null: any); see [Budget]. Used by one thread at a time; [runner] stays
 * the caller's to close.
 */
class Restorer(
    val bundle: Bundle,
    private val runner: PartRunner,
    private val precision: String = "int8",
    private val formats: List<String> = listOf("litert"),
    private val latents: LatentStore = LatentStore(),
    private val maxMemory: Long? = null,
) {
    private val parts = HashMap<String, LoadedPart>()
    private var meter = Meter {}

    init {
        for (name in listOf("tone", "encoder", "mapper", "decoder")) part(name)
    }

    private fun part(name: String): LoadedPart =
        parts.getOrPut(name) {
            val artifact = bundle.artifact(name, precision, formats)
            val most = Budget.mostCells(maxMemory, precision)
            LoadedPart(name, bundle.part(name), artifact, runner, most) { meter.add(it) }
        }

    /**
     * Restores a photo, overwriting [pixels]. [progress] is told the share done, 0..1, after each network
     * that ran; it may throw `kotlin.coroutines.cancellation.CancellationException` to cancel.
     *
     * Whatever this throws, pixels may then be restored in part: drop them and decode the photo again. Only
     * [MemoryBudgetExceeded] for [maxMemory] and [PhotoError] leave them as they were.
     *
     * Throws [MemoryBudgetExceeded], [PhotoError] for a mask that does not fit, [MissingArtifact] where
     * faces are marked and the bundle can't refine any, [NetworkFailed], and what the runner throws.
     */
    fun restore(
        pixels: Pixels,
        options: Options = Options(),
        progress: (Float) -> Unit = {},
    ): Restored {
        require(options.strength in 0.0..1.0 && options.faceStrength in 0.0..1.0) { "strengths are 0..1" }
        val need = Budget.need(pixels.height, pixels.width, bundle, latents, precision, formats)
        Budget.check(maxMemory, pixels.height, pixels.width, need)
        meter = Meter(progress)
        val done = ArrayList<String>()

        val factor = workingFactor(pixels.height, pixels.width)
        val small = shrink(pixels, factor)
        val damage = damage(pixels, small, factor, options.scratches)
        if (damage != null) done.add("scratches on ${percent(damage.share)} % of the photo")

        val faces = faces(pixels, small, factor, options)
        val gray = pixels.colours == 1 || (options.keepGray && looksGray(small))
        if (setTone(pixels, small, damage?.shrunk(factor), gray, options.strength)) done.add("tone")

        val before = faces.map { take(pixels, it) }
        restoreTiles(pixels, damage, gray, options.strength, faces.size)
        done.add("restored")
        val records = refine(pixels, faces, before, options.strength * options.faceStrength, gray)
        val count = records.count { it.refined }
        if (count > 0) done.add("$count ${if (count == 1) "face" else "faces"} refined")
        return Restored(done, records)
    }

    /** How many pixels of a photo a pixel of the picture stands for in which damage and faces are found. */
    fun workingFactor(
        height: Int,
        width: Int,
    ): Int = ceilDiv(maxOf(height, width), bundle.manifest.workingSide)

    /** The photo's damage, or null if there is none (or none is wanted). */
    private fun damage(
        pixels: Pixels,
        small: ArrayPixels,
        factor: Int,
        scratches: Scratches,
    ): Damage? {
        val found =
            when (scratches) {
                is Scratches.Off -> return null
                is Scratches.Auto -> foundDamage(small, factor)
                is Scratches.Painted -> scratches.damage.also { checkMask(it, pixels, factor) }
            }
        return found.takeIf { damage -> damage.mask.any { it } }
    }

    private fun foundDamage(
        small: ArrayPixels,
        factor: Int,
    ): Damage {
        val part = part("scratch")
        val told = partMap(part, small)
        val stride = part.stride
        val probability =
            FloatArray(small.height * small.width) {
                val y = it / small.width
                val x = it % small.width
                val cell = y / stride * told.columns + x / stride
                told.values[cell * told.channels + y % stride * stride + x % stride]
            }
        return Damage.found(probability, small.width, bundle.manifest.scratchThreshold, factor)
    }

    private fun checkMask(
        damage: Damage,
        pixels: Pixels,
        factor: Int,
    ) {
        val height = ceilDiv(pixels.height, damage.factor)
        val width = ceilDiv(pixels.width, damage.factor)
        if (damage.height != height || damage.width != width || factor % damage.factor != 0) {
            throw PhotoError(
                "The mask has ${damage.width}x${damage.height} squares of ${damage.factor} pixels, and " +
                    "the photo ${pixels.width}x${pixels.height} pixels: paint it on a copy of the photo.",
            )
        }
    }

    /** The faces to refine; a bundle without the networks for it finds none. */
    private fun faces(
        pixels: Pixels,
        small: ArrayPixels,
        factor: Int,
        options: Options,
    ): List<Face> {
        val faces = options.faces
        if (faces is Faces.Off || options.strength == 0.0 || options.faceStrength == 0.0) return emptyList()
        val canRefine = "finder" in bundle.manifest.parts && "face" in bundle.manifest.parts
        if (faces is Faces.Auto && !canRefine) return emptyList()
        part("face")
        val finder = part("finder")
        if (faces is Faces.Boxes) {
            return faces.boxes.map(Face::inBox).map { lookAgain(finder, pixels, it) ?: it }
        }
        val threshold = bundle.manifest.finderThreshold
        return findFaces(finder, pixels, small, factor, threshold, LEAST_FACE_WIDTH)
            .sortedByDescending { it.width }
            .take(MOST_FACES)
    }

    /** Applies the tone curves in place, if they would change enough to matter. */
    private fun setTone(
        pixels: Pixels,
        small: ArrayPixels,
        damage: Damage?,
        gray: Boolean,
        strength: Double,
    ): Boolean {
        val part = part("tone")
        val side = part.sizes[0].rows
        val seen = FloatValues(thumbnail(small, damage?.mask, side))
        val steps = part.run(Placement(Box(0, 0, side, side), 0), listOf(seen))
        val own = Curves.from(real(steps, part.output))
        val curves = if (gray) own.mean() else own
        if (curves.change(small) < LEAST_TONE_CHANGE) return false
        curves.apply(pixels, strength)
        return true
    }

    private fun restoreTiles(
        pixels: Pixels,
        damage: Damage?,
        gray: Boolean,
        strength: Double,
        faces: Int,
    ) {
        val encoder = part("encoder")
        val decoder = part("decoder")
        val mapper = part(if (damage == null) "mapper" else "mapper_global")
        val route = planRoute(pixels.height, pixels.width, encoder, mapper, decoder)
        val faceCost = if (faces > 0) faces * part("face").cost(Placement(route.area, 0)) else 0
        meter.begin(route.cost(encoder, mapper, decoder) + faceCost)
        encode(pixels, encoder, route, latents).use { latent ->
            val inputs = MapperInputs(mapper, latent, damage, pixels, route.area)
            val stitcher = Stitcher(pixels, decoder.output, decoder.stride, strength, gray)
            decode(mapper, decoder, route, inputs, latents, stitcher::add)
        }
    }

    /** Refines the faces of the restored photo in place; [before] are the same faces unrestored. */
    private fun refine(
        pixels: Pixels,
        faces: List<Face>,
        before: List<ArrayPixels>,
        strength: Double,
        gray: Boolean,
    ): List<FaceRecord> {
        if (faces.isEmpty()) return emptyList()
        val part = part("face")
        val changes = faces.indices.map { refined(part, before[it], take(pixels, faces[it])) }
        val records = faces.indices.map { judged(faces[it], changes[it]) }
        val kept = faces.indices.filter { records[it].refined }
        putBack(pixels, faces.slice(kept), changes.slice(kept), strength, gray)
        return records
    }
}

/** Tells how much of a photo's work is done; nothing is before its amount is known. */
private class Meter(
    private val tell: (Float) -> Unit,
) {
    private var total = 0L
    private var done = 0L

    fun begin(total: Long) {
        this.total = total
    }

    fun add(cost: Long) {
        if (total > 0) done += cost
        tell(if (total > 0) (done.toDouble() / total).toFloat() else 0f)
    }
}

/** Whether a shrunk picture in colour shows a gray photo. */
fun looksGray(small: ArrayPixels): Boolean {
    var count = 0
    for (i in small.values.indices step 3) {
        val r = small.values[i].toInt() and 255
        val g = small.values[i + 1].toInt() and 255
        val b = small.values[i + 2].toInt() and 255
        if (maxOf(r, g, b) - minOf(r, g, b) <= GRAY_TOLERANCE) count++
    }
    return count.toDouble() / (small.height * small.width) > 0.999
}

private fun percent(share: Double) =
    BigDecimal(100 * share).setScale(1, RoundingMode.HALF_EVEN).toPlainString()
