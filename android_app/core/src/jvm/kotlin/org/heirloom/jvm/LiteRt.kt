package org.heirloom.jvm

import com.sun.jna.Memory
import com.sun.jna.NativeLibrary
import com.sun.jna.Pointer
import com.sun.jna.ptr.PointerByReference
import org.heirloom.core.RuntimeUnavailable

/** The functions of LiteRT's C interface that run networks on a CPU. */
internal class LiteRt(
    path: String,
) {
    private val library =
        try {
            NativeLibrary.getInstance(path)
        } catch (error: UnsatisfiedLinkError) {
            throw RuntimeUnavailable("LiteRT can't be loaded from $path: ${error.message}.", error)
        }

    private val environment = made { call("LiteRtCreateEnvironment", 0, null, it) }

    /** Calls a function that returns a status. Throws [RuntimeUnavailable] if it is not 0. */
    fun call(
        function: String,
        vararg arguments: Any?,
    ) {
        val status = library.getFunction(function).invokeInt(arguments)
        if (status != 0) throw RuntimeUnavailable("$function of LiteRT failed with status $status.")
    }

    /** The pointer that a function writes to its last argument. */
    fun made(call: (PointerByReference) -> Unit): Pointer = PointerByReference().also(call).value

    fun destroy(
        kind: String,
        what: Pointer,
    ) = library.getFunction("LiteRtDestroy$kind").invokeVoid(arrayOf(what))

    fun model(path: String) = made { call("LiteRtCreateModelFromFile", environment, path, it) }

    fun compiled(model: Pointer): Pointer {
        val options = made { call("LiteRtCreateOptions", it) }
        call("LiteRtSetOptionsHardwareAccelerators", options, CPU)
        val compiled = made { call("LiteRtCreateCompiledModel", environment, model, options, it) }
        destroy("Options", options)
        return compiled
    }

    /** A buffer for a signature's tensor; [end] is `Input` or `Output`. */
    fun buffer(
        compiled: Pointer,
        signature: Pointer,
        signatureIndex: Long,
        end: String,
        index: Long,
    ): Pointer {
        val tensor = made { call("LiteRtGetSignature${end}TensorByIndex", signature, index, it) }
        val type = Memory(RANKED_TENSOR_TYPE_BYTES)
        call("LiteRtGetRankedTensorType", tensor, type)
        val needed = "LiteRtGetCompiledModel${end}BufferRequirements"
        val needs = made { call(needed, compiled, signatureIndex, index, it) }
        val create = "LiteRtCreateManagedTensorBufferFromRequirements"
        return made { call(create, environment, type, needs, it) }
    }

    /** Locks the memory of a buffer during [use]. */
    fun locked(
        buffer: Pointer,
        mode: Int,
        use: (Pointer) -> Unit,
    ) {
        val memory = made { call("LiteRtLockTensorBuffer", buffer, it, mode) }
        use(memory)
        call("LiteRtUnlockTensorBuffer", buffer)
    }

    companion object {
        const val READ = 0
        const val WRITE = 1
        private const val CPU = 1
        private const val RANKED_TENSOR_TYPE_BYTES = 72L
    }
}
