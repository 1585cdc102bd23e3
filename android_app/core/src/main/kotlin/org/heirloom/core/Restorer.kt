package org.heirloom.core

/**
 * Restores photos with a bundle's networks in one precision.
 *
 * Throws [MissingArtifact] at once if the bundle lacks a network that every photo needs. [maxMemory]: bytes
 * that the whole process may use (null: no limit); see [Budget]. Used by one thread at a time; the caller
 * closes [runner].
 */
class Restorer(
    val bundle: Bundle,
    runner: PartRunner,
    private val precision: String = "int8",
    private val formats: List<String> = listOf("litert"),
    private val latents: LatentStore = LatentStore(),
    private val maxMemory: Long? = null,
) {
    private var meter = Meter {}
    private val parts = LoadedParts(bundle, runner, precision, formats, maxMemory) { meter.add(it) }

    init {
        for (name in listOf("tone", "encoder", "mapper", "decoder")) parts[name]
    }

    /**
     * Restores a photo, overwriting [pixels] but for a mount around the picture. [progress] is called with
     * the share done, 0..1, after each network that ran, the detector's too, and once filling alone is done;
     * [ended] after each [Step]. Both, and [pixels] at each row, may throw
     * `kotlin.coroutines.cancellation.CancellationException` to cancel.
     *
     * After an exception the pixels may be partly restored: drop them and decode the photo again. Only
     * [MemoryBudgetExceeded] for [maxMemory] and [PhotoError] leave them as they were.
     *
     * Throws [MemoryBudgetExceeded], [PhotoError] for a mask that does not fit, [MissingArtifact] where the
     * bundle can't find or fill damage, or, before any work, where it can't refine the faces marked,
     * [NetworkFailed], and the runner's exceptions.
     */
    fun restore(
        pixels: Pixels,
        options: Options = Options(),
        ended: (Step) -> Unit = {},
        progress: (Float) -> Unit = {},
    ): Restored {
        require(options.strength in 0.0..1.0 && options.faceStrength in 0.0..1.0) { "strengths are 0..1" }
        checkMemory(pixels, options)
        if (options.faces is Faces.Boxes && refines(options)) {
            // Where they are missing, before any work.
            for (name in listOf("finder", "face")) parts[name]
        }
        (options.scratches as? Scratches.Painted)?.let { checkSize(it.damage, pixels) }
        meter = Meter(progress)
        val picture = findPicture(pixels) ?: return restoreInside(pixels, options, ended)
        val inside = Inside(pixels, picture)
        val restored =
            restoreInside(inside, inside.marked(options)) { step ->
                ended(if (step is Step.Found) Step.Found(step.damage?.let(inside::placed)) else step)
            }
        val faces = restored.faces.map(inside::placed)
        return Restored(listOf(Done.MountLeft) + restored.done, faces, picture)
    }

    /**
     * The damage that [restore] would fill; null: there is none. A mount has none. [pixels] stay as they
     * are; [progress] is as in [restore], and so are the exceptions.
     */
    fun findDamage(
        pixels: Pixels,
        progress: (Float) -> Unit = {},
    ): Damage? {
        checkMemory(pixels, Options(fillOnly = true))
        meter = Meter(progress)
        val inside = findPicture(pixels)?.let { Inside(pixels, it) }
        beginDetection(inside ?: pixels, isAll = true)
        val found = findDamage(parts, inside ?: pixels, Scratches.Auto)
        meter.finish()
        return if (inside == null) found else found?.let(inside::placed)
    }

    private fun checkMemory(
        pixels: Pixels,
        options: Options,
    ) {
        val (height, width) = pixels.height to pixels.width
        val need = Budget.need(height, width, bundle, latents, precision, formats, pixels.bytes, options)
        Budget.check(maxMemory, height, width, need)
    }

    /** Restores a photo without a mount, or the picture within it. */
    private fun restoreInside(
        pixels: Pixels,
        options: Options,
        ended: (Step) -> Unit,
    ): Restored {
        val done = ArrayList<Done>()
        if (options.scratches is Scratches.Auto) beginDetection(pixels, options.fillOnly)
        val damage = findDamage(parts, pixels, options.scratches)
        ended(Step.Found(damage))
        // Where it is missing, before any pixel is changed.
        if (damage != null && !options.fillOnly) parts["mapper_global"]
        if (damage != null && options.strength > 0) {
            pushPull(pixels, damage, options.strength, latents)
            done.add(Done.DamageFilled(damage.share))
        }
        if (damage != null) ended(Step.Filled)
        if (options.fillOnly) {
            meter.finish()
            return Restored(done, emptyList())
        }

        val factor = parts.workingFactor(pixels)
        val small = shrink(pixels, factor)
        val faces = faces(pixels, small, factor, options)
        val gray = pixels.colours == 1 || (options.keepGray && oneHue(small))
        if (setTone(pixels, small, gray, options.strength)) done.add(Done.ToneSet)

        val before = faces.map { take(pixels, it) }
        restoreTiles(pixels, damage, gray, options.strength, faces.size)
        done.add(Done.TilesRestored)
        val records = refine(pixels, faces, before, options.strength * options.faceStrength, gray)
        val count = records.count { it.refined }
        if (count > 0) done.add(Done.FacesRefined(count))
        return Restored(done, records)
    }

    /** Begins the detector's share of the work, which [isAll] there is if nothing else but the fill follows. */
    private fun beginDetection(
        pixels: Pixels,
        isAll: Boolean,
    ) {
        val rule = bundle.manifest.detection
        val (height, width) = pixels.height to pixels.width
        val factor = ceilDiv(maxOf(height, width), rule.largestSide)
        val seen = ceilDiv(height, factor) to ceilDiv(width, factor)
        val cost = detectionCost(parts["scratch"], seen.first, seen.second, rule)
        if (isAll) return meter.begin(cost, 1.0)
        val (encoder, mapper, decoder) = listOf("encoder", "mapper", "decoder").map(parts::get)
        val rest = planRoute(height, width, encoder, mapper, decoder).cost(encoder, mapper, decoder)
        meter.begin(cost, cost.toDouble() / (cost + rest))
    }

    /** Whether faces would be refined if there are any. */
    private fun refines(options: Options): Boolean {
        val faces = options.faces
        val wanted = faces is Faces.Auto || (faces is Faces.Boxes && faces.boxes.isNotEmpty())
        return wanted && !options.fillOnly && options.strength > 0 && options.faceStrength > 0
    }

    /** The faces to refine; a bundle without the networks for it finds none. */
    private fun faces(
        pixels: Pixels,
        small: ArrayPixels,
        factor: Int,
        options: Options,
    ): List<Face> {
        val faces = options.faces
        if (!refines(options)) return emptyList()
        if (faces is Faces.Auto && !("finder" in parts && "face" in parts)) return emptyList()
        parts["face"]
        val finder = parts["finder"]
        if (faces is Faces.Boxes) {
            return faces.boxes.map(Face::inBox).map { lookAgain(finder, pixels, it) ?: it }
        }
        val threshold = bundle.manifest.finderThreshold
        return findFaces(finder, pixels, small, factor, threshold, MIN_FACE_WIDTH)
            .sortedByDescending { it.width }
            .take(MAX_FACES)
    }

    /** Applies the tone curves in place, if their change is large enough. */
    private fun setTone(
        pixels: Pixels,
        small: ArrayPixels,
        gray: Boolean,
        strength: Double,
    ): Boolean {
        if (isFlat(small)) return false
        val part = parts["tone"]
        val side = part.sizes[0].rows
        val seen = FloatValues(thumbnail(small, side))
        val steps = part.run(Placement(Box(0, 0, side, side), 0), listOf(seen))
        val own = Curves.from(real(steps, part.output))
        val curves = if (gray) own.mean() else own
        if (curves.change(small) < MIN_TONE_CHANGE) return false
        if (gray) curves.applyToLightness(pixels, strength) else curves.apply(pixels, strength)
        return true
    }

    private fun restoreTiles(
        pixels: Pixels,
        damage: Damage?,
        gray: Boolean,
        strength: Double,
        faces: Int,
    ) {
        val encoder = parts["encoder"]
        val decoder = parts["decoder"]
        val mapper = parts[if (damage == null) "mapper" else "mapper_global"]
        val route = planRoute(pixels.height, pixels.width, encoder, mapper, decoder)
        val faceCost = if (faces > 0) faces * parts["face"].cost(Placement(route.area, 0)) else 0
        meter.begin(route.cost(encoder, mapper, decoder) + faceCost, 1.0)
        encode(pixels, encoder, route, latents).use { latent ->
            val inputs = MapperInputs(mapper, latent, damage, pixels, route.area)
            val stitcher = Stitcher(pixels, decoder.output, decoder.stride, strength, gray)
            decode(pixels, mapper, decoder, route, inputs, latents, stitcher::add)
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
        val part = parts["face"]
        val changes = faces.indices.map { refined(part, before[it], take(pixels, faces[it])) }
        val records = faces.indices.map { judged(faces[it], changes[it]) }
        val kept = faces.indices.filter { records[it].refined }
        putBack(pixels, faces.slice(kept), changes.slice(kept), strength, gray)
        return records
    }
}
