package org.heirloom.app.engine

import java.util.concurrent.CancellationException

/**
 * Chooses by the self-test the engine that restores photos, and stores the choice.
 *
 * [key] identifies what the choice depends on: the bundle, the app and the phone's system.
 */
class EngineChoice(
    private val store: EngineStore,
    private val key: String,
) {
    /** The current record. */
    var record: EngineRecord = store.load()?.takeIf { it.key == key } ?: EngineRecord(key)
        private set

    /**
     * Tests [candidates], the best first, unless their results are known, and returns the best usable one.
     *
     * [test] returns whether the engine gives the expected numbers, and may throw; a CancellationException
     * leaves everything to be tested. A GPU that did not come back from its test, or repeatedly not from a
     * photo, is not tried again.
     */
    fun choose(
        candidates: List<Engine>,
        test: (Engine) -> Boolean,
    ): Engine? {
        if (record.strikes >= EngineRecord.MAX_STRIKES) refuse(Processor.GPU, Refusal.CRASHED)
        if (record.engine != null) return record.engine
        val crashed = record.refusals.filterValues { it == Refusal.CRASHED }
        save(EngineRecord(key, refusals = crashed))
        try {
            for (candidate in candidates) {
                if (candidate.processor !in crashed) tryOut(candidate, test)
            }
        } catch (cancelled: CancellationException) {
            save(EngineRecord(key, refusals = crashed))
            throw cancelled
        }
        return record.engine
    }

    /** Runs [work] with [engine]; a crash of the app meanwhile counts against a GPU. */
    fun <T> using(
        engine: Engine,
        work: () -> T,
    ): T {
        if (engine.processor != Processor.GPU) return work()
        save(record.copy(strikes = record.strikes + 1))
        try {
            return work()
        } finally {
            save(record.copy(strikes = 0))
        }
    }

    /** Stops using [processor]. */
    fun refuse(
        processor: Processor,
        why: Refusal,
    ) {
        val others = record.usable.filter { it.processor != processor }
        save(EngineRecord(key, others, record.refusals + (processor to why)))
    }

    private fun tryOut(
        candidate: Engine,
        test: (Engine) -> Boolean,
    ) {
        if (candidate.processor == Processor.GPU) {
            save(record.copy(strikes = EngineRecord.MAX_STRIKES))
        }
        val refusal =
            try {
                if (test(candidate)) null else Refusal.DIFFERS
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (_: Exception) {
                Refusal.FAILED
            }
        save(record.copy(strikes = 0))
        if (refusal == null) {
            save(record.copy(usable = record.usable + candidate))
        } else {
            refuse(candidate.processor, refusal)
        }
    }

    private fun save(changed: EngineRecord) {
        record = changed
        store.save(changed)
    }
}
