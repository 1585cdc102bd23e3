package org.heirloom.core

/** A part without files, whose networks return [output]. */
fun loadedPart(
    name: String,
    stride: Int,
    halo: Int,
    inputs: List<Tensor>,
    outputs: List<Tensor> = emptyList(),
    tiles: List<Tile>,
    output: (List<Stored>) -> Stored = { throw UnsupportedOperationException() },
): LoadedPart {
    val gate = Gate(0.0, null, 0.0, 1, "none")
    val artifact = Artifact("litert", "int8", inputs, outputs, tiles, emptyList(), gate, resizes = false)
    val part = Part(stride, halo, 1, 1, 1, listOf(artifact))
    return LoadedPart(name, part, artifact, runner { _, inputs -> output(inputs) })
}

/** Networks as a function of the part's name and the inputs. */
fun runner(run: (String, List<Stored>) -> Stored) =
    object : PartRunner {
        override fun run(
            part: String,
            artifact: Artifact,
            tile: Tile,
            inputs: List<Stored>,
        ) = run(part, inputs)

        override fun close() = Unit
    }

/** An INT8 tensor. */
fun int8(
    role: String,
    channels: Int,
    scale: Double,
    zeroPoint: Int,
) = Tensor(role, role, channels, DataType.INT8, scale, zeroPoint, null)
