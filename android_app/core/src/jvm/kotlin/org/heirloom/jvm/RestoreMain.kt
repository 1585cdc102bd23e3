package org.heirloom.jvm

import org.heirloom.core.Bundle
import org.heirloom.core.FolderSource
import org.heirloom.core.HeirloomError
import org.heirloom.core.Restorer
import org.heirloom.core.SelfTest
import java.awt.image.DataBuffer
import java.awt.image.IndexColorModel
import java.io.File
import javax.imageio.ImageIO

/**
 * Restores a PNG of 8 or 16 bits with INT8 networks, finding scratches and faces, as a phone does.
 *
 * Arguments: the bundle's folder, LiteRT's shared library, the photo, and where to write the restored one.
 */
fun main(arguments: Array<String>) {
    // The library's own threads would keep the process alive.
    Runtime.getRuntime().halt(
        try {
            run(arguments)
            0
        } catch (error: HeirloomError) {
            System.err.println(error.message)
            1
        } catch (error: Throwable) {
            error.printStackTrace()
            1
        },
    )
}

private fun run(arguments: Array<String>) {
    require(arguments.size == 4) { "RestoreMain BUNDLE LIBRARY INPUT.png OUTPUT.png" }
    val (folder, library, input, output) = arguments
    val bundle = Bundle.open(FolderSource(File(folder)))
    val image = requireNotNull(ImageIO.read(File(input))) { "$input is not a picture" }
    val isPlain = image.raster.transferType in listOf(DataBuffer.TYPE_BYTE, DataBuffer.TYPE_USHORT)
    require(isPlain && image.colorModel !is IndexColorModel) { "$input has a palette, or too few bits" }
    LiteRtRunner(File(folder), library).use { runner ->
        SelfTest.run(bundle, runner, precision = "int8", mustPass = true)
        val started = System.nanoTime()
        val restored = Restorer(bundle, runner).restore(ImagePixels(image))
        val seconds = (System.nanoTime() - started) / 1e9
        println("%s in %.2f s".format(restored.done.joinToString { it.words }, seconds))
        restored.faces.forEach(::println)
    }
    ImageIO.write(image, "png", File(output))
}
