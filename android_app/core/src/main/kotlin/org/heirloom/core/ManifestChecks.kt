package org.heirloom.core

/*
 * Known parts and roles, and the checks beyond the schema: that a manifest's statements are consistent.
 */

internal val FORMATS = setOf("litert", "onnx", "coreml")
internal val PRECISIONS =
    setOf("float32", "float16", "int8", "mixed", "dynamic", "palettized", "int8_weights")
internal val DATA_TYPES = setOf("float32", "int8", "uint8")

/** The roles of a part's inputs and outputs, each once; it may take those that are [optional] besides. */
internal class Roles(
    takes: String,
    val gives: String,
    optional: List<String> = emptyList(),
) {
    val takes = takes.split(" ").sorted()
    val takesAll = (this.takes + optional).sorted()
}

/** The published networks, for pictures of 256 or 512 pixels square; apps read them but never run them. */
private val PUBLISHED =
    mapOf(
        "detection" to Roles("gray", "probability"),
        "vae_encoder" to Roles("picture", "latent"),
        "mapping_quality" to Roles("latent", "latent"),
        "mapping_scratch" to Roles("latent mask", "latent"),
        "mapping_hr" to Roles("latent mask", "latent"),
        "vae_decoder_quality" to Roles("latent", "picture"),
        "vae_decoder_scratch" to Roles("latent", "picture"),
        "face" to Roles("face", "face"),
    )

internal val ROLES =
    mapOf(
        "scratch" to Roles("photo", "probability"),
        "tone" to Roles("thumbnail", "curves"),
        "finder" to Roles("photo", "faces"),
        "encoder" to Roles("photo", "latent"),
        "mapper" to Roles("latent", "latent"),
        "mapper_global" to Roles("latent mask context", "latent"),
        "decoder" to Roles("latent", "residual", listOf("photo")),
        "face" to Roles("face_pair", "residual"),
    ) + PUBLISHED.flatMap { (name, roles) -> listOf("${name}_256" to roles, "${name}_512" to roles) }

internal val ALL_ROLES = ROLES.values.flatMap { it.takes + it.gives }.toSet()

/** Throws [InvalidManifest], with the part, format and precision, if statements contradict one another. */
internal fun checkConsistency(manifest: Manifest) {
    for ((name, part) in manifest.parts) {
        val seen = HashSet<String>()
        for (artifact in part.artifacts) {
            val where = "$name, ${artifact.format} ${artifact.precision}"
            if (!seen.add(where)) throw InvalidManifest("$where: stated twice.")
            ArtifactCheck(where, part, artifact, manifest.files).check(ROLES.getValue(name))
        }
    }
    if (manifest.detection.low > manifest.detection.high) {
        throw InvalidManifest("detection: low is above high.")
    }
    checkLatents(manifest, listOf("encoder" to false, "mapper" to true, "mapper_global" to true))
    checkLatents(manifest, listOf("mapper" to false, "mapper_global" to false, "decoder" to true))
}

private class ArtifactCheck(
    private val where: String,
    private val part: Part,
    private val artifact: Artifact,
    private val files: Map<String, BundleFile>,
) {
    private fun fail(problem: String): Nothing = throw InvalidManifest("$where: $problem.")

    fun check(roles: Roles) {
        checkRoles(artifact.inputs, roles.takes, roles.takesAll)
        checkRoles(artifact.outputs, listOf(roles.gives), listOf(roles.gives))
        (artifact.inputs + artifact.outputs).forEach(::checkTensor)
        val (halo, step) = part.halo to part.step
        if (halo % step != 0) fail("the halo ($halo) is no multiple of the step ($step)")
        for (tile in artifact.tiles) {
            val size = "${tile.rows}x${tile.columns}"
            if (tile.rows % step != 0 || tile.columns % step != 0) {
                fail("a tile of $size cells is no multiple of the step ($step)")
            }
            if (minOf(tile.rows, tile.columns) <= 2L * halo) {
                fail("a tile of $size cells is all halo ($halo)")
            }
            val isListed = tile.file in files || files.keys.any { it.startsWith("${tile.file}/") }
            if (!isListed) fail("${tile.file} is not listed in files")
        }
        artifact.golden.forEach(::checkGolden)
    }

    private fun checkRoles(
        tensors: List<Tensor>,
        least: List<String>,
        all: List<String>,
    ) {
        val stated = tensors.map { it.role }.sorted()
        if (stated != least && stated != all) fail("has $stated, where this part has $all")
        if (tensors.distinctBy { it.name }.size != tensors.size) fail("two tensors share a name")
    }

    private fun checkTensor(tensor: Tensor) {
        val name = tensor.name
        val type = tensor.dtype
        if (type == DataType.FLOAT32) {
            if (tensor.scale != 1.0 || tensor.zeroPoint != 0) {
                fail("$name is float32 and can't have a scale or zero point")
            }
        } else if (tensor.scale == 1.0) {
            fail("$name is $type and needs a scale")
        } else if (tensor.zeroPoint !in type.min..type.max) {
            fail("$name has a zero point outside $type")
        }
        if (tensor.role == "context" && tensor.shape?.lastOrNull() != tensor.channels) {
            fail("$name needs the context's shape (tokens, channels)")
        }
    }

    private fun checkGolden(golden: Golden) {
        if (golden.rows % part.step != 0 || golden.columns % part.step != 0) {
            val size = "${golden.rows}x${golden.columns}"
            fail("golden vectors of $size cells don't fit the step (${part.step})")
        }
        for ((paths, tensors) in listOf(
            golden.inputs to artifact.inputs,
            golden.outputs to artifact.outputs,
        )) {
            if (paths.size != tensors.size) {
                fail("golden vectors for ${paths.size} tensors, where the network has ${tensors.size}")
            }
            for ((path, tensor) in paths.zip(tensors)) {
                val file = files[path] ?: fail("$path is not listed in files")
                val bytes = bytes(tensor, golden)
                if (file.bytes != bytes) {
                    fail("$path has ${file.bytes} bytes, where ${tensor.name} has $bytes")
                }
            }
        }
    }

    private fun bytes(
        tensor: Tensor,
        golden: Golden,
    ): Long {
        val sides = tensor.shape ?: listOf(golden.rows, golden.columns, tensor.channels)
        return sides.fold(tensor.dtype.bytes.toLong()) { product, side -> product * side }
    }
}

/** A latent passes from part to part untouched, so all that hold it must store it alike. */
private fun checkLatents(
    manifest: Manifest,
    chain: List<Pair<String, Boolean>>,
) {
    val first = HashMap<String, Pair<String, List<Any>>>()
    for ((name, isInput) in chain) {
        for (artifact in manifest.parts[name]?.artifacts.orEmpty()) {
            val kind = "${artifact.format} ${artifact.precision}"
            for (tensor in if (isInput) artifact.inputs else artifact.outputs) {
                if (tensor.role != "latent" && tensor.role != "context") continue
                val storage = listOf(tensor.channels, tensor.dtype, tensor.scale, tensor.zeroPoint)
                val here = "$name's ${tensor.role} (${if (isInput) "inputs" else "outputs"})"
                val (origin, expected) = first.getOrPut(kind) { here to storage }
                if (storage != expected) {
                    throw InvalidManifest("$kind: $here is stored as $storage, but $origin as $expected.")
                }
            }
        }
    }
}
