package org.heirloom.app

import android.content.Context

/** A text of the app's resources with its arguments, formatted where it is shown. */
class Text(
    private val id: Int,
    private vararg val arguments: Any,
) {
    /** The text in the language of [context]. */
    fun on(context: Context): String = context.getString(id, *arguments)
}

/** A problem that the user can resolve, with a sentence that explains how. */
class Refused(
    val sentence: Text,
    cause: Throwable? = null,
) : Exception(cause)
