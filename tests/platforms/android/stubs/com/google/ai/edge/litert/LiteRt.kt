// The declarations of LiteRT 2.3 that the app uses, so that it compiles where Google's Maven repository is
// out of reach. Compile-only: never packaged, nothing here runs.
@file:Suppress("unused", "UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.res.AssetManager

private fun stub(): Nothing = throw UnsupportedOperationException("compile-only")

enum class Accelerator { NONE, CPU, GPU, NPU }

abstract class JniHandle internal constructor() : AutoCloseable {
    final override fun close(): Unit = stub()
}

class LiteRtException(
    code: Int,
    message: String,
) : Exception(message)

class Environment private constructor() : JniHandle() {
    enum class Option

    companion object {
        fun create(options: Map<Option, String> = mapOf()): Environment = stub()
    }
}

class TensorType(
    val elementType: ElementType,
) {
    enum class ElementType { INT, FLOAT, INT8, BOOLEAN, INT64 }
}

class TensorBuffer private constructor() : JniHandle() {
    fun writeInt8(data: ByteArray): Unit = stub()

    fun writeFloat(data: FloatArray): Unit = stub()

    fun readInt8(): ByteArray = stub()

    fun readFloat(): FloatArray = stub()
}

class CompiledModel private constructor() : JniHandle() {
    class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    data class GpuOptions(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
        val bufferStorageType: BufferStorageType? = null,
        val preferTextureWeights: Boolean? = null,
        val serializationDir: String? = null,
        val modelCacheKey: String? = null,
        val serializeProgramCache: Boolean? = null,
    ) {
        enum class Precision { DEFAULT, FP16, FP32, FP16_WITH_FP32_ACCUM }

        enum class BufferStorageType { DEFAULT, BUFFER, TEXTURE_2D }
    }

    class Options(
        vararg accelerators: Accelerator,
    ) {
        var cpuOptions: CpuOptions? = null
        var gpuOptions: GpuOptions? = null
    }

    fun createInputBuffer(
        inputName: String,
        signature: String = "",
    ): TensorBuffer = stub()

    fun createOutputBuffer(
        outputName: String,
        signature: String = "",
    ): TensorBuffer = stub()

    fun getInputTensorType(
        inputName: String,
        signature: String = "",
    ): TensorType = stub()

    fun getOutputTensorType(
        outputName: String,
        signature: String = "",
    ): TensorType = stub()

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String = "",
    ): Unit = stub()

    companion object {
        fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options = Options(Accelerator.CPU),
            optionalEnv: Environment? = null,
        ): CompiledModel = stub()
    }
}
