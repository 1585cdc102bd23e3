package org.heirloom.app.engine

/** The processors that can run the networks. */
enum class Processor { GPU, CPU }

/** Reasons not to use a processor. */
enum class Refusal {
    /** It could not run the networks. */
    FAILED,

    /** Its results are not those of the golden vectors. */
    DIFFERS,

    /** It crashed the app. */
    CRASHED,
}

/** A processor with the precision of the networks that it runs. */
data class Engine(
    val processor: Processor,
    val precision: String,
)

/** The test results of a phone's engines. */
data class EngineRecord(
    /** Identity of the bundle, app and system: the record holds for these only. */
    val key: String,
    /** The engines that passed the self-test, the best first. */
    val usable: List<Engine> = emptyList(),
    val refusals: Map<Processor, Refusal> = emptyMap(),
    /** Number of GPU runs that did not end; an unfinished self-test counts as [MAX_STRIKES]. */
    val strikes: Int = 0,
) {
    /** The engine that restores photos, if any is usable. */
    val engine: Engine? get() = usable.firstOrNull()

    /** The record in one line of text; see [parse]. */
    fun text(): String {
        val engines = usable.joinToString(" ") { "${it.processor}:${it.precision}" }
        val reasons = refusals.entries.joinToString(" ") { "${it.key}:${it.value}" }
        return listOf(engines, reasons, strikes.toString(), key).joinToString(";")
    }

    companion object {
        /**
         * Number of unfinished restorations that count as crashes. A single one may have been ended by the
         * user or the system.
         */
        const val MAX_STRIKES = 2

        /** The record written as [text]; null for another format, as of an older app. */
        fun parse(text: String): EngineRecord? =
            try {
                val (engines, reasons, strikes, key) = text.split(";", limit = 4)
                EngineRecord(
                    key,
                    pairs(engines).map { (processor, precision) ->
                        Engine(Processor.valueOf(processor), precision)
                    },
                    pairs(reasons).associate { (processor, why) ->
                        Processor.valueOf(processor) to Refusal.valueOf(why)
                    },
                    strikes.toInt(),
                )
            } catch (_: IndexOutOfBoundsException) {
                null
            } catch (_: IllegalArgumentException) {
                null
            }

        private fun pairs(text: String): List<List<String>> =
            text.split(" ").filter(String::isNotEmpty).map { it.split(":") }
    }
}

/** Storage of the record between starts. */
interface EngineStore {
    /** The record that was saved last. */
    fun load(): EngineRecord?

    /** Saves [record] to disk before it returns, because the next step may crash. */
    fun save(record: EngineRecord)
}
