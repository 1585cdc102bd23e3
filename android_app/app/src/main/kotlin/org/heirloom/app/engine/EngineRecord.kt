package org.heirloom.app.engine

/** What a phone can run the networks on. */
enum class Processor { GPU, CPU }

/** Why a processor is not used. */
enum class Refusal {
    /** It could not run the networks. */
    FAILED,

    /** Its results are not those of the golden vectors. */
    DIFFERS,

    /** It took the app down. */
    CRASHED,
}

/** A processor with the precision of the networks that it runs. */
data class Engine(
    val processor: Processor,
    val precision: String,
)

/** What is known about the engines of a phone. */
data class EngineRecord(
    /** What the record holds for: another bundle, app or system version makes it void. */
    val key: String,
    /** Those that passed the self-test, the best first. */
    val usable: List<Engine> = emptyList(),
    val refusals: Map<Processor, Refusal> = emptyMap(),
    /** How often the GPU was used without coming to an end; the self-test counts as [MAX_STRIKES]. */
    val strikes: Int = 0,
) {
    /** What photos are restored with, if there is anything. */
    val engine: Engine? get() = usable.firstOrNull()

    /** The record in one line of text; see [parse]. */
    fun text(): String {
        val engines = usable.joinToString(" ") { "${it.processor}:${it.precision}" }
        val reasons = refusals.entries.joinToString(" ") { "${it.key}:${it.value}" }
        return listOf(engines, reasons, strikes.toString(), key).joinToString(";")
    }

    companion object {
        /**
         * So many restorations that did not end are taken for crashes. A single one may as well have been
         * ended by the person or the system.
         */
        const val MAX_STRIKES = 2

        /** The record that [text] was made of; null for what an older app may have written. */
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

/** Where the record is kept between starts. */
interface EngineStore {
    /** The record that was saved last. */
    fun load(): EngineRecord?

    /** Saves [record]; it is on disk when this returns, because the next step may crash. */
    fun save(record: EngineRecord)
}
