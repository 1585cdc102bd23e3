package org.heirloom.app.engine

/** The processors that can run the networks. */
enum class Processor { CPU, GPU }

/** Reasons not to use an engine. */
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
) {
    override fun toString() = "$processor:$precision"
}

/** The outcome of an engine's self-test. */
sealed class Outcome {
    /** The golden vectors came out as they should, in so many [millis]. */
    data class Passed(
        val millis: Long,
    ) : Outcome()

    data class Refused(
        val why: Refusal,
    ) : Outcome()
}

/** A GPU's run that has begun: its self-test, or a photo. */
data class Run(
    val engine: Engine,
    val isTest: Boolean,
    /** Milliseconds since 1970. */
    val since: Long,
)

/** The test results of a phone's engines. */
data class EngineRecord(
    /** Identity of the bundle, app and system: the record holds for these only. */
    val key: String,
    val outcomes: Map<Engine, Outcome> = emptyMap(),
    /** Number of crashes in a row of each engine. */
    val crashes: Map<Engine, Int> = emptyMap(),
    /** The run that is under way; at the app's start: that did not end. */
    val run: Run? = null,
) {
    /** The engines that passed the self-test, the fastest first. */
    val usable: List<Engine>
        get() =
            outcomes.keys
                .filter { outcomes[it] is Outcome.Passed }
                .sortedBy { (outcomes[it] as Outcome.Passed).millis }

    /** The engine that restores photos, if any is usable. */
    val engine: Engine? get() = usable.firstOrNull()

    /** Why no engine of [processor] is usable; null if one is, or none was tested. */
    fun refusal(processor: Processor): Refusal? {
        if (usable.any { it.processor == processor }) return null
        val others = outcomes.filterKeys { it.processor == processor }.values
        return others.filterIsInstance<Outcome.Refused>().firstOrNull()?.why
    }

    /** The record in one line of text; see [parse]. */
    fun text(): String {
        val tests =
            outcomes.map { (engine, outcome) ->
                when (outcome) {
                    is Outcome.Passed -> "$engine:${outcome.millis}"
                    is Outcome.Refused -> "$engine:${outcome.why}"
                }
            }
        val counts = crashes.map { (engine, count) -> "$engine:$count" }
        val runs = listOfNotNull(run).map { "${it.engine}:${it.isTest}:${it.since}" }
        return (listOf(tests, counts, runs).map { it.joinToString(" ") } + key).joinToString(";")
    }

    companion object {
        /** The record written as [text]; null for another format, as of an older app. */
        fun parse(text: String): EngineRecord? =
            try {
                val (tests, counts, runs, key) = text.split(";", limit = 4)
                EngineRecord(
                    key,
                    words(tests).associate { engine(it) to outcome(it[2]) },
                    words(counts).associate { engine(it) to it[2].toInt() },
                    words(runs).map(::run).singleOrNull(),
                )
            } catch (_: IndexOutOfBoundsException) {
                null
            } catch (_: IllegalArgumentException) {
                null
            }

        private fun words(text: String) = text.split(" ").filter(String::isNotEmpty).map { it.split(":") }

        private fun engine(words: List<String>) = Engine(Processor.valueOf(words[0]), words[1])

        private fun run(words: List<String>) =
            Run(engine(words), words[2].toBooleanStrict(), words[3].toLong())

        private fun outcome(word: String): Outcome =
            word.toLongOrNull()?.let { Outcome.Passed(it) } ?: Outcome.Refused(Refusal.valueOf(word))
    }
}

/** Storage of the record between starts. */
interface EngineStore {
    /** The record that was saved last. */
    fun load(): EngineRecord?

    /** Saves [record] to disk before it returns, because the next step may crash. */
    fun save(record: EngineRecord)
}
