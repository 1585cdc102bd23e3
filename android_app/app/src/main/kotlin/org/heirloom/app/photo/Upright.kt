package org.heirloom.app.photo

/** The map from stored to upright pixels, for EXIF's [orientation] (1 to 8) and [storedWidth] a row. */
class Upright(
    private val orientation: Int,
    private val storedWidth: Int,
    private val storedHeight: Int,
) {
    private val turned = orientation in 5..8

    /** Whether the stored pixels are upright already. */
    val isStoredSo: Boolean get() = orientation == 1

    /** Pixels in a row of the upright picture. */
    val width: Int get() = if (turned) storedHeight else storedWidth

    /** Rows of the upright picture. */
    val height: Int get() = if (turned) storedWidth else storedHeight

    /** The stored picture's width and height. */
    fun stored() = storedWidth to storedHeight

    /** The same for a stored part of so many pixels. */
    fun of(
        storedWidth: Int,
        storedHeight: Int,
    ) = Upright(orientation, storedWidth, storedHeight)

    /**
     * The nine values of an `android.graphics.Matrix` that moves stored pixels to their upright place:
     * x' = v0 x + v1 y + v2, y' = v3 x + v4 y + v5.
     */
    fun matrix(): FloatArray {
        val w = storedWidth.toFloat()
        val h = storedHeight.toFloat()
        return when (orientation) {
            2 -> floatArrayOf(-1f, 0f, w, 0f, 1f, 0f)
            3 -> floatArrayOf(-1f, 0f, w, 0f, -1f, h)
            4 -> floatArrayOf(1f, 0f, 0f, 0f, -1f, h)
            5 -> floatArrayOf(0f, 1f, 0f, 1f, 0f, 0f)
            6 -> floatArrayOf(0f, -1f, h, 1f, 0f, 0f)
            7 -> floatArrayOf(0f, -1f, h, -1f, 0f, w)
            8 -> floatArrayOf(0f, 1f, 0f, -1f, 0f, w)
            else -> floatArrayOf(1f, 0f, 0f, 0f, 1f, 0f)
        } + floatArrayOf(0f, 0f, 1f)
    }
}
