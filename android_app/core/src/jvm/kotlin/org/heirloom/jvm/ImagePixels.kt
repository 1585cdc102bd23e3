package org.heirloom.jvm

import org.heirloom.core.Pixels
import java.awt.image.BufferedImage
import java.awt.image.DataBuffer

/** The samples of a decoded picture, of 8 or 16 bits, in place; alpha, its last band, stays as it is. */
internal class ImagePixels(
    image: BufferedImage,
) : Pixels {
    private val raster = image.raster
    override val height = image.height
    override val width = image.width
    override val colours = image.colorModel.numColorComponents
    override val top = if (raster.transferType == DataBuffer.TYPE_USHORT) 65535 else 255
    private val bands = raster.numBands
    override val bytes = (if (top == 65535) 2L else 1L) * bands * height * width
    private val line = IntArray(width * bands)

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) {
        raster.getPixels(left, row, count, 1, line)
        for (i in 0 until count * colours) into[at + i] = line[i / colours * bands + i % colours]
    }

    override fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    ) {
        raster.getPixels(left, row, count, 1, line)
        for (i in 0 until count * colours) line[i / colours * bands + i % colours] = from[at + i]
        raster.setPixels(left, row, count, 1, line)
    }
}
