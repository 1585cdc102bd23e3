package org.heirloom.core

/** A bundle's parts in one precision, loaded on first use; [ran] is called with the cost of each run. */
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

    /** The part called [name]. Throws [MissingArtifact] if the bundle lacks it in this precision. */
    operator fun get(name: String): LoadedPart =
        loaded.getOrPut(name) {
            val artifact = bundle.artifact(name, precision, formats)
            val maxCells = Budget.maxCells(maxMemory, precision)
            LoadedPart(name, bundle.part(name), artifact, runner, maxCells, ran)
        }

    /** The factor by which a photo is shrunk to the working picture, on which tone and faces are judged. */
    fun workingFactor(photo: Picture) = ceilDiv(maxOf(photo.height, photo.width), manifest.workingSide)
}
