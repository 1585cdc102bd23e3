package org.heirloom.core

/** A bundle's parts in one precision, loaded as they are needed; [ran] is told the cost of each that ran. */
internal class LoadedParts(
    private val bundle: Bundle,
    private val runner: PartRunner,
    private val precision: String,
    private val formats: List<String>,
    private val maxMemory: Long?,
    private val ran: (Long) -> Unit,
) {
    private val loaded = HashMap<String, LoadedPart>()

    val manifest get() = bundle.manifest

    /** Whether the bundle has such a part. */
    operator fun contains(name: String) = name in manifest.parts

    /** Throws [MissingArtifact] if the bundle doesn't have it in this precision. */
    operator fun get(name: String): LoadedPart =
        loaded.getOrPut(name) {
            val artifact = bundle.artifact(name, precision, formats)
            val maxCells = Budget.maxCells(maxMemory, precision)
            LoadedPart(name, bundle.part(name), artifact, runner, maxCells, ran)
        }

    /** How many pixels of a photo a pixel of the picture stands for on which tone and faces are judged. */
    fun workingFactor(photo: Picture) = ceilDiv(maxOf(photo.height, photo.width), manifest.workingSide)
}
