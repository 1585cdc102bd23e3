package org.heirloom.core

import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException

/** Text that is not JSON. */
internal class JsonError(
    message: String,
) : Exception(message)

/**
 * Reads standard JSON and no extension of it: objects as maps, arrays as lists, whole numbers as
 * Long (or BigInteger), others as Double, and strings, Booleans and null. Throws [JsonError].
 *
 * Android's own reader also takes comments, single quotes and numbers in quotes: other devices refuse them.
 */
internal fun parseJson(raw: ByteArray): Any? {
    val text =
        try {
            Charsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(raw))
                .toString()
        } catch (error: CharacterCodingException) {
            throw JsonError("it is not UTF-8")
        }
    return JsonReader(text).document()
}

private const val MAX_DEPTH = 100
private val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")

private class JsonReader(
    private val text: String,
) {
    private var at = 0

    fun document(): Any? {
        val value = value(0)
        if (next() != null) fail("something follows its end")
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > MAX_DEPTH) fail("it is nested too deeply")
        return when (next()) {
            '{' -> members(depth)
            '[' -> elements(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun members(depth: Int): Map<String, Any?> {
        val members = LinkedHashMap<String, Any?>()
        sequence('}') {
            if (next() != '"') fail("a name is missing")
            val name = string()
            take(':')
            members[name] = value(depth + 1)
        }
        return members
    }

    private fun elements(depth: Int): List<Any?> {
        val elements = ArrayList<Any?>()
        sequence(']') { elements.add(value(depth + 1)) }
        return elements
    }

    /** Reads the items between brackets, separated by commas. */
    private inline fun sequence(
        end: Char,
        element: () -> Unit,
    ) {
        at++
        if (next() != end) {
            element()
            while (next() == ',') {
                at++
                element()
            }
        }
        take(end)
    }

    private fun string(): String {
        val built = StringBuilder()
        at++
        while (true) {
            val c = text.getOrNull(at++) ?: fail("a string does not end")
            when {
                c == '"' -> return built.toString()
                c == '\\' -> built.append(escaped())
                c < ' ' -> fail("a string has a control character")
                else -> built.append(c)
            }
        }
    }

    private fun escaped(): String {
        val c = text.getOrNull(at++) ?: fail("a string does not end")
        val plain = "\"\\/bfnrt".indexOf(c)
        if (plain >= 0) return "\"\\/\b\u000c\n\r\t"[plain].toString()
        if (c != 'u') fail("a string has an unknown escape")
        val first = unit()
        if (!first.isSurrogate()) return first.toString()
        if (!first.isHighSurrogate() || !text.startsWith("\\u", at)) fail("a string has half a character")
        at += 2
        val second = unit()
        if (!second.isLowSurrogate()) fail("a string has half a character")
        return "$first$second"
    }

    private fun unit(): Char {
        val digits = text.substring(at, minOf(text.length, at + 4))
        if (digits.length < 4 || digits.any { it !in "0123456789abcdefABCDEF" }) {
            fail("a string has an unknown escape")
        }
        at += 4
        return digits.toInt(16).toChar()
    }

    private fun number(): Number {
        val match = NUMBER.find(text, at)?.takeIf { it.range.first == at } ?: fail("a value is missing")
        at = match.range.last + 1
        val digits = match.value
        if (digits.any { it in ".eE" }) {
            return digits.toDouble().also { if (it.isInfinite()) fail("a number is out of range") }
        }
        return digits.toLongOrNull() ?: digits.toBigInteger()
    }

    private fun word(
        word: String,
        value: Any?,
    ): Any? {
        if (!text.startsWith(word, at)) fail("a value is missing")
        at += word.length
        return value
    }

    private fun take(wanted: Char) {
        if (next() != wanted) fail("a $wanted is missing")
        at++
    }

    /** Moves to the next character that is not a space, and returns it. */
    private fun next(): Char? {
        while (at < text.length && text[at] in " \t\n\r") at++
        return text.getOrNull(at)
    }

    private fun fail(problem: String): Nothing = throw JsonError("$problem (character $at)")
}
