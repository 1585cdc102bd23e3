package org.heirloom.app.engine

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import com.google.ai.edge.litert.TensorType.ElementType
import org.heirloom.core.Artifact
import org.heirloom.core.DataType
import org.heirloom.core.FloatValues
import org.heirloom.core.Int8Values
import org.heirloom.core.InvalidManifest
import org.heirloom.core.PartRunner
import org.heirloom.core.RuntimeUnavailable
import org.heirloom.core.Stored
import org.heirloom.core.Tensor
import org.heirloom.core.Tile
import java.io.File

/**
 * Runs the networks in the app's assets with LiteRT. A file is loaded once, its signatures share it; LiteRT
 * copies it into memory. A GPU compiles all of a file's signatures when it is loaded, and LiteRT keeps the
 * programs in the folder [programs] for the next start.
 *
 * LiteRT must not get a second accelerator to fall back to: it would run on the CPU without an error.
 */
class LiteRtRunner(
    private val assets: AssetManager,
    private val processor: Processor,
    private val programs: File,
) : PartRunner {
    /** A signature of a file, with a buffer for each of its tensors, by name. */
    private class Network(
        val model: CompiledModel,
        val signature: String,
        val inputs: Map<String, TensorBuffer>,
        val outputs: Map<String, TensorBuffer>,
    )

    private val environment = guarded("LiteRT") { Environment.create() }
    private val models = HashMap<String, CompiledModel>()
    private val networks = HashMap<Tile, Network>()

    /** The buffers of all networks, and of one that failed to load. */
    private val buffers = ArrayList<TensorBuffer>()

    override fun run(
        part: String,
        artifact: Artifact,
        tile: Tile,
        inputs: List<Stored>,
    ): Stored =
        guarded(part) {
            val network = networks.getOrPut(tile) { load(part, artifact, tile) }
            artifact.inputs.forEachIndexed { index, tensor ->
                write(network.inputs.getValue(tensor.name), inputs[index])
            }
            network.model.run(network.inputs, network.outputs, network.signature)
            val output = artifact.outputs.single()
            read(network.outputs.getValue(output.name), output, tile)
        }

    override fun close() {
        networks.clear()
        buffers.forEach(TensorBuffer::close)
        buffers.clear()
        models.values.forEach(CompiledModel::close)
        models.clear()
        environment.close()
    }

    private fun load(
        part: String,
        artifact: Artifact,
        tile: Tile,
    ): Network {
        val model =
            models.getOrPut(tile.file) {
                val path = AssetSource.assetPath(tile.file)
                CompiledModel.create(assets, path, options(part, tile), environment)
            }
        val signature = tile.function ?: ""
        for (tensor in artifact.inputs) {
            check(part, tensor, model.getInputTensorType(tensor.name, signature).elementType)
        }
        for (tensor in artifact.outputs) {
            check(part, tensor, model.getOutputTensorType(tensor.name, signature).elementType)
        }
        return Network(
            model,
            signature,
            artifact.inputs.associate { it.name to kept(model.createInputBuffer(it.name, signature)) },
            artifact.outputs.associate { it.name to kept(model.createOutputBuffer(it.name, signature)) },
        )
    }

    private fun kept(buffer: TensorBuffer) = buffer.also(buffers::add)

    private fun options(
        part: String,
        tile: Tile,
    ): CompiledModel.Options =
        when (processor) {
            // By default a GPU computes in 16 bits, which is too imprecise for the golden vectors.
            Processor.GPU -> {
                CompiledModel.Options(Accelerator.GPU).apply {
                    gpuOptions =
                        CompiledModel.GpuOptions(
                            precision = CompiledModel.GpuOptions.Precision.FP32,
                            serializationDir = programs.path,
                            modelCacheKey = tile.file.replace('/', '-'),
                            serializeProgramCache = true,
                        )
                }
            }

            // One thread for the tone network: its curves must not depend on how sums are split.
            Processor.CPU -> {
                CompiledModel.Options(Accelerator.CPU).apply {
                    cpuOptions = CompiledModel.CpuOptions(numThreads = if (part == "tone") 1 else threads())
                }
            }
        }

    /** The number of threads: with more than a phone's fast cores, they would wait for the slow ones. */
    private fun threads() = Runtime.getRuntime().availableProcessors().coerceAtMost(MAX_THREADS)

    private fun check(
        part: String,
        tensor: Tensor,
        found: ElementType,
    ) {
        val stated =
            when (tensor.dtype) {
                DataType.INT8 -> ElementType.INT8
                DataType.FLOAT32 -> ElementType.FLOAT
                DataType.UINT8 -> null
            }
        if (found != stated) {
            throw InvalidManifest(
                "${tensor.name} of $part is $found, where the bundle states ${tensor.dtype}.",
            )
        }
    }

    private fun write(
        buffer: TensorBuffer,
        values: Stored,
    ) = when (values) {
        is Int8Values -> buffer.writeInt8(values.values)
        is FloatValues -> buffer.writeFloat(values.values)
    }

    private fun read(
        buffer: TensorBuffer,
        tensor: Tensor,
        tile: Tile,
    ): Stored {
        val values =
            when (tensor.dtype) {
                DataType.FLOAT32 -> FloatValues(buffer.readFloat())
                else -> Int8Values(buffer.readInt8())
            }
        if (values.size != tensor.size(tile)) {
            throw InvalidManifest("${tensor.name} has ${values.size} values, not ${tensor.size(tile)}.")
        }
        return values
    }

    private fun <T> guarded(
        what: String,
        work: () -> T,
    ): T =
        try {
            work()
        } catch (error: LiteRtException) {
            throw RuntimeUnavailable("The $processor could not run $what: ${error.message}.", error)
        } catch (error: LinkageError) {
            throw RuntimeUnavailable("The app was built without LiteRT's library for this phone.", error)
        }

    private companion object {
        const val MAX_THREADS = 4
    }
}
