package org.heirloom.app.engine

import java.util.concurrent.CancellationException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull

class EngineChoiceTest {
    private class MemoryStore(
        var saved: EngineRecord? = null,
    ) : EngineStore {
        override fun load() = saved

        override fun save(record: EngineRecord) {
            saved = record
        }
    }

    /** Stands for the process's death, which no handler in the app sees. */
    private class Death : Error()

    private val gpu = Engine(Processor.GPU, "float32")
    private val cpu = Engine(Processor.CPU, "int8")
    private val both = listOf(gpu, cpu)
    private val store = MemoryStore()

    private fun start(key: String = "bundle, app, system") = EngineChoice(store, key)

    private fun dieIn(work: () -> Unit) {
        assertFailsWith<Death> { work() }
    }

    @Test
    fun `the GPU is used where it gives the expected numbers`() {
        assertEquals(gpu, start().choose(both) { true })
        assertEquals(listOf(gpu, cpu), store.saved?.usable)
    }

    @Test
    fun `a GPU whose numbers differ is not used`() {
        val choice = start()
        assertEquals(cpu, choice.choose(both) { it != gpu })
        assertEquals(mapOf(Processor.GPU to Refusal.DIFFERS), choice.record.refusals)
    }

    @Test
    fun `a GPU that throws is not used`() {
        val choice = start()
        assertEquals(cpu, choice.choose(both) { if (it == gpu) error("no driver") else true })
        assertEquals(Refusal.FAILED, choice.record.refusals[Processor.GPU])
    }

    @Test
    fun `a cancelled test leaves the GPU untested`() {
        for (at in both) {
            assertFailsWith<CancellationException> {
                start().choose(both) { if (it == at) throw CancellationException() else true }
            }
            assertEquals(EngineRecord("bundle, app, system"), store.saved)
        }
        assertEquals(gpu, start().choose(both) { true })
    }

    @Test
    fun `a decision is remembered`() {
        start().choose(both) { it != gpu }
        val choice = start()
        assertEquals(cpu, choice.choose(both) { error("tested again") })
        assertEquals(Refusal.DIFFERS, choice.record.refusals[Processor.GPU])
    }

    @Test
    fun `another bundle, app or system is tested anew`() {
        start("old").choose(both) { it != gpu }
        assertEquals(gpu, start("new").choose(both) { true })
    }

    @Test
    fun `a GPU that took the app down in its test is not tried at the next start`() {
        dieIn { start().choose(both) { if (it == gpu) throw Death() else true } }
        val choice = start()
        val tested = ArrayList<Engine>()
        assertEquals(cpu, choice.choose(both) { tested.add(it) })
        assertEquals(listOf(cpu), tested)
        assertEquals(Refusal.CRASHED, choice.record.refusals[Processor.GPU])
    }

    @Test
    fun `one photo that did not end leaves the GPU in use, two do not`() {
        start().choose(both) { true }
        for (expected in listOf(gpu, cpu)) {
            val choice = start()
            val engine = choice.choose(both) { error("tested again") }!!
            assertEquals(gpu, engine)
            dieInPhoto(engine)
            assertEquals(expected, start().choose(both) { error("tested again") })
        }
    }

    @Test
    fun `a photo that ends clears the suspicion`() {
        start().choose(both) { true }
        dieInPhoto(gpu)
        start().using(gpu) {}
        dieInPhoto(gpu)
        assertEquals(gpu, start().choose(both) { true })
    }

    @Test
    fun `an exception is no crash`() {
        val choice = start()
        choice.choose(both) { true }
        repeat(3) { assertFailsWith<IllegalStateException> { choice.using(gpu) { error("cancelled") } } }
        assertEquals(gpu, start().choose(both) { true })
    }

    @Test
    fun `the CPU takes over from a GPU that fails at a photo, without another test`() {
        val choice = start()
        choice.choose(both) { true }
        choice.refuse(Processor.GPU, Refusal.FAILED)
        assertEquals(cpu, choice.record.engine)
        assertEquals(cpu, start().choose(both) { error("tested again") })
    }

    @Test
    fun `where nothing works there is no engine, and the next start tries again`() {
        assertNull(start().choose(both) { false })
        assertEquals(cpu, start().choose(both) { it == cpu })
    }

    /** The work's death leaves on disk what was there before its end. */
    private fun dieInPhoto(engine: Engine) {
        var meanwhile: EngineRecord? = null
        start().using(engine) { meanwhile = store.saved }
        store.saved = meanwhile
    }
}
