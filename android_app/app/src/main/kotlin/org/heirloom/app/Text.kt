package org.heirloom.app

import android.content.Context

/** A text in the language of the context that shows it. */
fun interface Text {
    fun on(context: Context): String
}

/** The text of the resource [id] with its arguments. */
fun text(
    id: Int,
    vararg arguments: Any,
) = Text { it.getString(id, *arguments) }

/** The text of the plural resource [id] for so many. */
fun plural(
    id: Int,
    count: Int,
) = Text { it.resources.getQuantityString(id, count, count) }

/** A problem that the user can resolve, with a sentence that explains how. */
class Refused(
    val sentence: Text,
    cause: Throwable? = null,
) : Exception(cause)
