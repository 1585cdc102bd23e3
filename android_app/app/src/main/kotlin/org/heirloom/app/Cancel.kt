package org.heirloom.app

import java.io.FilterInputStream
import java.io.FilterOutputStream
import java.io.InputStream
import java.io.InterruptedIOException
import java.io.OutputStream
import java.util.concurrent.CancellationException

/** A person's request to end a job: made on one thread, and obeyed on the job's. */
class Cancel {
    @Volatile private var isRequested = false

    fun request() {
        isRequested = true
    }

    /** Throws CancellationException if the job is to end. */
    fun check() {
        if (isRequested) throw CancellationException()
    }

    /** [source], which ends when the job is to: a decoder takes no other request. */
    fun reading(source: InputStream): InputStream =
        object : FilterInputStream(source) {
            override fun read() = if (isRequested) -1 else super.read()

            override fun read(
                into: ByteArray,
                at: Int,
                count: Int,
            ) = if (isRequested) -1 else super.read(into, at, count)
        }

    /** [target], which fails when the job is to end, with an encoder that writes to it. */
    fun writing(target: OutputStream): OutputStream =
        object : FilterOutputStream(target) {
            override fun write(value: Int) {
                if (isRequested) throw InterruptedIOException()
                out.write(value)
            }

            override fun write(
                from: ByteArray,
                at: Int,
                count: Int,
            ) {
                if (isRequested) throw InterruptedIOException()
                out.write(from, at, count)
            }
        }
}
