package org.heirloom.core

/** A tensor in its network's units, without batch dimension, row-major. */
sealed interface Stored {
    /** Number of values. */
    val size: Int
}

/** Integers of 8 bits: levels of an int8 tensor, or the bits of a uint8 one. */
class Int8Values(
    val values: ByteArray,
) : Stored {
    override val size get() = values.size
}

/** Real values. */
class FloatValues(
    val values: FloatArray,
) : Stored {
    override val size get() = values.size
}
