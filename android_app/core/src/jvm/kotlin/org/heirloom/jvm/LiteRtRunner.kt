package org.heirloom.jvm

import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.ptr.LongByReference
import org.heirloom.core.Artifact
import org.heirloom.core.FloatValues
import org.heirloom.core.Int8Values
import org.heirloom.core.InvalidManifest
import org.heirloom.core.PartRunner
import org.heirloom.core.RuntimeUnavailable
import org.heirloom.core.Stored
import org.heirloom.core.Tensor
import org.heirloom.core.Tile
import java.io.File

/** Runs the networks of the bundle in [folder] with LiteRT's shared library, on a computer's CPU. */
class LiteRtRunner(
    private val folder: File,
    library: String,
) : PartRunner {
    private val liteRt = LiteRt(library)
    private val files = HashMap<String, NetworkFile>()

    override fun run(
        part: String,
        artifact: Artifact,
        tile: Tile,
        inputs: List<Stored>,
    ): Stored {
        val file = files.getOrPut(tile.file) { NetworkFile(liteRt, File(folder, tile.file)) }
        return file.function(artifact, tile).run(inputs, artifact.outputs[0].size(tile))
    }

    override fun close() {
        files.values.forEach(NetworkFile::close)
        files.clear()
    }
}

/** A file's networks, one for each tile size; they share their weights. */
private class NetworkFile(
    private val liteRt: LiteRt,
    private val file: File,
) {
    private val model = liteRt.model(file.path)
    private val compiled = liteRt.compiled(model)
    private val functions = HashMap<Tile, Function>()

    fun function(
        artifact: Artifact,
        tile: Tile,
    ) = functions.getOrPut(tile) { load(artifact, tile) }

    private fun load(
        artifact: Artifact,
        tile: Tile,
    ): Function {
        val index = indexOf(tile.function)
        val signature = liteRt.made { liteRt.call("LiteRtGetModelSignature", model, index, it) }
        return Function(
            liteRt,
            compiled,
            index,
            buffers(signature, index, "Input", artifact.inputs),
            buffers(signature, index, "Output", artifact.outputs),
        )
    }

    /** The signature called [name], or the only one. */
    private fun indexOf(name: String?): Long {
        val count = LongByReference()
        liteRt.call("LiteRtGetNumModelSignatures", model, count)
        if (name == null && count.value == 1L) return 0
        for (index in 0 until count.value) {
            val signature = liteRt.made { liteRt.call("LiteRtGetModelSignature", model, index, it) }
            val key = liteRt.made { liteRt.call("LiteRtGetSignatureKey", signature, it) }
            if (key.getString(0) == name) return index
        }
        throw InvalidManifest("$file has no signature ${name ?: "of its own"}.")
    }

    /** Buffers in the order of the manifest, which names the tensors. */
    private fun buffers(
        signature: Pointer,
        signatureIndex: Long,
        end: String,
        specs: List<Tensor>,
    ): Buffers {
        val count = LongByReference()
        liteRt.call("LiteRtGetNumSignature${end}s", signature, count)
        val names =
            (0 until count.value).map { index ->
                val name = liteRt.made { liteRt.call("LiteRtGetSignature${end}Name", signature, index, it) }
                name.getString(0)
            }
        if (names.sorted() != specs.map { it.name }.sorted()) {
            throw InvalidManifest("$file has $names, where the manifest has ${specs.map { it.name }}.")
        }
        val buffers =
            names.indices.map { liteRt.buffer(compiled, signature, signatureIndex, end, it.toLong()) }
        return Buffers(buffers, specs.map { buffers[names.indexOf(it.name)] })
    }

    fun close() {
        functions.values.forEach(Function::close)
        liteRt.destroy("CompiledModel", compiled)
        liteRt.destroy("Model", model)
    }
}

/** A signature's buffers in the library's order, and in the manifest's. */
private class Buffers(
    val all: List<Pointer>,
    val named: List<Pointer>,
) {
    /** The array of pointers that the library takes. */
    fun array(): Memory {
        val array = Memory(all.size.toLong() * Native.POINTER_SIZE)
        array.write(0, all.toTypedArray(), 0, all.size)
        return array
    }
}

private class Function(
    private val liteRt: LiteRt,
    private val compiled: Pointer,
    private val index: Long,
    private val inputs: Buffers,
    private val outputs: Buffers,
) {
    fun run(
        values: List<Stored>,
        size: Int,
    ): Stored {
        for ((buffer, value) in inputs.named.zip(values)) fill(buffer, value)
        liteRt.call(
            "LiteRtRunCompiledModel",
            compiled,
            index,
            inputs.all.size.toLong(),
            inputs.array(),
            outputs.all.size.toLong(),
            outputs.array(),
        )
        return taken(size)
    }

    private fun fill(
        buffer: Pointer,
        value: Stored,
    ) {
        val bytes = bytes(buffer)
        val wanted = if (value is FloatValues) value.size * 4L else value.size.toLong()
        if (bytes != wanted) throw RuntimeUnavailable("A network takes $bytes bytes and is given $wanted.")
        liteRt.locked(buffer, LiteRt.WRITE) {
            when (value) {
                is Int8Values -> it.write(0, value.values, 0, value.size)
                is FloatValues -> it.write(0, value.values, 0, value.size)
            }
        }
    }

    private fun taken(size: Int): Stored {
        val buffer = outputs.named[0]
        val isFloat = bytes(buffer) == size * 4L
        val values = if (isFloat) FloatValues(FloatArray(size)) else Int8Values(ByteArray(size))
        liteRt.locked(buffer, LiteRt.READ) {
            when (values) {
                is Int8Values -> it.read(0, values.values, 0, size)
                is FloatValues -> it.read(0, values.values, 0, size)
            }
        }
        return values
    }

    private fun bytes(buffer: Pointer): Long {
        val bytes = LongByReference()
        liteRt.call("LiteRtGetTensorBufferPackedSize", buffer, bytes)
        return bytes.value
    }

    fun close() = (inputs.all + outputs.all).forEach { liteRt.destroy("TensorBuffer", it) }
}
