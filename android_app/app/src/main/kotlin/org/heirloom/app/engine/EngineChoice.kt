package org.heirloom.app.engine

import java.util.concurrent.CancellationException

/**
 * Decides by the self-test what photos are restored with, and remembers it.
 *
 * [key] tells what the decision depends on: the bundle, the app and the phone's system.
 */
class EngineChoice(
    private val store: EngineStore,
    private val key: String,
) {
    /** What is known now. */
    var record: EngineRecord = store.load()?.takeIf { it.key == key } ?: EngineRecord(key)
        private set

    /**
     * Tests [candidates], the best first, unless their results are known, and returns what to use.
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

    /** Does [work] with [engine]; if the app dies meanwhile, that counts against a GPU. */
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
