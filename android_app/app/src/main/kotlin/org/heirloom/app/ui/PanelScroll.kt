package org.heirloom.app.ui

import android.content.Context
import android.util.AttributeSet
import android.widget.ScrollView

/** Scrolls the controls below the photo in half of the height at most, however large their text is. */
class PanelScroll(
    context: Context,
    attributes: AttributeSet?,
) : ScrollView(context, attributes) {
    override fun onMeasure(
        widthMeasureSpec: Int,
        heightMeasureSpec: Int,
    ) {
        val half = MeasureSpec.getSize(heightMeasureSpec) / 2
        super.onMeasure(widthMeasureSpec, MeasureSpec.makeMeasureSpec(half, MeasureSpec.AT_MOST))
    }
}
