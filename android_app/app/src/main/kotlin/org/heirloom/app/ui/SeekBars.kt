package org.heirloom.app.ui

import android.widget.SeekBar

/** Calls [action] with the bar's position whenever that changes. */
fun SeekBar.onChange(action: (Int) -> Unit) =
    setOnSeekBarChangeListener(
        object : SeekBar.OnSeekBarChangeListener {
            override fun onProgressChanged(
                bar: SeekBar,
                progress: Int,
                fromUser: Boolean,
            ) = action(progress)

            override fun onStartTrackingTouch(bar: SeekBar) = Unit

            override fun onStopTrackingTouch(bar: SeekBar) = Unit
        },
    )
