package org.heirloom.app.ui

import android.content.res.Resources
import android.graphics.Color
import android.graphics.Paint
import android.util.TypedValue

/** What is drawn over a photo, and how large. */
class Inks(
    resources: Resources,
) {
    private val metrics = resources.displayMetrics
    private val density = metrics.density

    val filtered = Paint(Paint.FILTER_BITMAP_FLAG)

    /** Half transparent, so that what is marked can be seen. */
    val damage = Paint(Paint.FILTER_BITMAP_FLAG).apply { color = Color.argb(160, 255, 77, 46) }

    val line =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            color = Color.WHITE
            strokeWidth = 2 * density
            setShadowLayer(2 * density, 0f, 0f, Color.BLACK)
        }

    val label =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            color = Color.WHITE
            textSize = TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_SP, 14f, metrics)
            setShadowLayer(3 * density, 0f, 0f, Color.BLACK)
        }

    /** Radius of the divider's handle. */
    val handle = 9 * density

    /** Distance from the divider at which a finger takes hold of it. */
    val reach = 28 * density

    /** Distance of a label from the photo's border. */
    val margin = 12 * density
}
