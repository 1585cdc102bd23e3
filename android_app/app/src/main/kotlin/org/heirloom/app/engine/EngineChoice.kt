package org.heirloom.app.engine

import java.util.concurrent.CancellationException

/** The ends of the app's earlier processes. */
fun interface Exits {
    /**
     * Whether native code, as a GPU's driver is, has crashed the app since [time], in milliseconds since
     * 1970; null where the system doesn't tell.
     */
    fun crashedSince(time: Long): Boolean?
}

/**
 * Chooses by the self-test the engine that restores photos, and stores the choice.
 *
 * [key] identifies what the choice depends on: the bundle, the app and the phone's system. A GPU's run that
 * did not end counts against it if native code crashed the app, and not if the app was ended by its user or
 * the system. Where [exits] don't tell, it takes two such runs in a row, of its test too.
 */
class EngineChoice(
    private val store: EngineStore,
    private val key: String,
    private val exits: Exits,
    private val clock: () -> Long = System::currentTimeMillis,
) {
    /** The current record. */
    var record: EngineRecord = store.load()?.takeIf { it.key == key } ?: EngineRecord(key)
        private set

    init {
        record.run?.let(::countUnended)
    }

    /**
     * Tests those of [candidates] whose results are not known, and returns the fastest usable one.
     *
     * [test] returns the milliseconds that an engine takes, or null if it does not give the expected numbers,
     * and may throw; a CancellationException leaves the engine to be tested. An engine that crashed the app
     * in its test, or in two photos in a row, is not tried again.
     */
    fun choose(
        candidates: List<Engine>,
        test: (Engine) -> Long?,
    ): Engine? {
        // What else failed may work now: another app may have held the memory.
        if (record.engine == null) save(record.copy(outcomes = record.outcomes.filterValues(::isCrash)))
        for (candidate in candidates) {
            if (candidate !in record.outcomes) tryOut(candidate, test)
        }
        return record.engine
    }

    /** Runs [work] with [engine]; a crash of the app meanwhile counts against a GPU. */
    fun <T> using(
        engine: Engine,
        work: () -> T,
    ): T = watched(engine, isTest = false, work)

    /** Stops using [engine]. */
    fun refuse(
        engine: Engine,
        why: Refusal,
    ) = save(record.copy(outcomes = record.outcomes + (engine to Outcome.Refused(why))))

    private fun tryOut(
        candidate: Engine,
        test: (Engine) -> Long?,
    ) {
        val outcome =
            try {
                val millis = watched(candidate, isTest = true) { test(candidate) }
                if (millis == null) Outcome.Refused(Refusal.DIFFERS) else Outcome.Passed(millis)
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (_: Exception) {
                Outcome.Refused(Refusal.FAILED)
            }
        save(record.copy(outcomes = record.outcomes + (candidate to outcome)))
    }

    private fun <T> watched(
        engine: Engine,
        isTest: Boolean,
        work: () -> T,
    ): T {
        if (engine.processor == Processor.CPU) return work()
        save(record.copy(run = Run(engine, isTest, clock())))
        try {
            return work()
        } finally {
            save(record.copy(run = null, crashes = record.crashes - engine))
        }
    }

    private fun countUnended(run: Run) {
        val engine = run.engine
        val more =
            when (exits.crashedSince(run.since)) {
                true -> if (run.isTest) MAX_CRASHES else 1
                false -> 0
                null -> 1
            }
        val count = (record.crashes[engine] ?: 0) + more
        save(record.copy(run = null, crashes = record.crashes + (engine to count)))
        if (count >= MAX_CRASHES) refuse(engine, Refusal.CRASHED)
    }

    private fun isCrash(outcome: Outcome) = outcome == Outcome.Refused(Refusal.CRASHED)

    private fun save(changed: EngineRecord) {
        record = changed
        store.save(changed)
    }

    private companion object {
        /** Crashes in a row with photos that rule an engine out: one may have had another cause. */
        const val MAX_CRASHES = 2
    }
}
