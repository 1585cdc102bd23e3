package org.heirloom.core

import java.math.BigInteger

/** The form of a path inside a bundle. */
internal val PATH = Regex("[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

/** A value at a place in the document. Its readers throw [JsonError] if it is not of their type. */
internal class Entry(
    private val place: String,
    val value: Any?,
) {
    private fun fail(wanted: String): Nothing = throw JsonError("$place is not $wanted")

    private val members get() = value as? Map<*, *> ?: fail("an object")

    fun required(name: String) = optional(name) ?: throw JsonError("$place has no $name")

    fun optional(name: String) = if (name in members) Entry("$place.$name", members[name]) else null

    /** The object itself, which may have these fields only. */
    fun only(vararg known: String): Entry {
        for (name in members.keys) if (name !in known) throw JsonError("$place has an unknown field $name")
        return this
    }

    /** An object of any names as a map, in the order of the names. */
    fun <T> each(
        isName: (String) -> Boolean = { true },
        read: (Entry) -> T,
    ): Map<String, T> {
        val read =
            members.entries.map { (name, value) ->
                if (!isName(name as String)) throw JsonError("$place can't have $name")
                name to read(Entry("$place.$name", value))
            }
        return read.sortedBy { it.first }.toMap()
    }

    fun <T> list(read: (Entry) -> T): List<T> =
        (value as? List<*> ?: fail("an array")).mapIndexed { i, each -> read(Entry("$place[$i]", each)) }

    fun <T> filledList(read: (Entry) -> T) = list(read).ifEmpty { fail("filled") }

    fun string() = value as? String ?: fail("a string")

    fun flag() = value as? Boolean ?: fail("true or false")

    fun matching(pattern: Regex) = string().takeIf(pattern::matches) ?: fail("of the right form")

    fun path() = matching(PATH)

    fun oneOf(known: Collection<String>) = string().takeIf { it in known } ?: fail("one of $known")

    fun number(): Double =
        when (value) {
            is Double -> value
            is Long -> value.toDouble()
            is BigInteger -> value.toDouble()
            else -> fail("a number")
        }

    fun numberIn(isIn: (Double) -> Boolean) = number().takeIf(isIn) ?: fail("in its range")

    fun whole(min: Long): Long {
        val whole = value as? Long ?: fail("a whole number")
        return if (whole >= min) whole else fail("$min or more")
    }

    fun int(
        min: Int,
        max: Int = Int.MAX_VALUE,
    ): Int {
        val whole = whole(min.toLong())
        return if (whole <= max) whole.toInt() else fail("$max or less")
    }

    fun <T> nullable(read: (Entry) -> T): T? = if (value == null) null else read(this)
}
