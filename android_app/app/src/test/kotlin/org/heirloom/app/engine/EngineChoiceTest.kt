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

    private val gpu = Engine(Processor.GPU, "float32")
    private val cpu = Engine(Processor.CPU, "int8")
    private val both = listOf(cpu, gpu)
    private val store = MemoryStore()

    /** What the system tells of the last process: a native crash, another end, or nothing. */
    private var crashed: Boolean? = null
    private var asked: Long? = null

    private fun start(key: String = "bundle, app, system"): EngineChoice {
        val exits =
            Exits {
                asked = it
                crashed
            }
        return EngineChoice(store, key, exits) { NOW }
    }

    /** The GPU is the faster one. */
    private fun millis(engine: Engine) = if (engine == gpu) 10L else 50L

    /** The process dies while [work] runs: on disk is what was there before its end. */
    private fun dieIn(work: (died: () -> Unit) -> Unit) {
        var meanwhile: EngineRecord? = null
        work { meanwhile = store.saved }
        store.saved = meanwhile
    }

    private fun dieInTest() =
        dieIn { died ->
            start().choose(both) {
                if (it == gpu) died()
                millis(it)
            }
        }

    private fun dieInPhoto() = dieIn { died -> start().using(gpu) { died() } }

    private fun choose() = start().choose(both) { error("tested again: $it") }

    @Test
    fun `the faster one is used`() {
        assertEquals(gpu, start().choose(both, ::millis))
        assertEquals(listOf(gpu, cpu), store.saved?.usable)
        assertEquals(cpu, start("other").choose(both) { 60 - millis(it) })
    }

    @Test
    fun `a GPU whose numbers differ is not used`() {
        val choice = start()
        assertEquals(cpu, choice.choose(both) { if (it == gpu) null else 1 })
        assertEquals(Refusal.DIFFERS, choice.record.refusal(Processor.GPU))
    }

    @Test
    fun `a GPU that throws is not used`() {
        val choice = start()
        assertEquals(cpu, choice.choose(both) { if (it == gpu) error("no driver") else 1 })
        assertEquals(Refusal.FAILED, choice.record.refusal(Processor.GPU))
    }

    @Test
    fun `a cancelled test leaves an engine untested`() {
        assertFailsWith<CancellationException> {
            start().choose(both) { if (it == gpu) throw CancellationException() else millis(it) }
        }
        val tested = ArrayList<Engine>()
        start().choose(both) {
            tested.add(it)
            millis(it)
        }
        assertEquals(listOf(gpu), tested)
    }

    @Test
    fun `a decision is remembered`() {
        start().choose(both) { if (it == gpu) null else 1 }
        assertEquals(cpu, choose())
    }

    @Test
    fun `another bundle, app or system is tested anew`() {
        start("old").choose(both) { if (it == gpu) null else 1 }
        assertEquals(gpu, start("new").choose(both, ::millis))
    }

    @Test
    fun `a GPU whose test crashed the app is not tried again`() {
        dieInTest()
        crashed = true
        val choice = start()
        assertEquals(NOW, asked)
        assertEquals(cpu, choice.choose(both) { error("tested again: $it") })
        assertEquals(Refusal.CRASHED, choice.record.refusal(Processor.GPU))
    }

    @Test
    fun `a GPU during whose test the app was ended is tested again, however often`() {
        crashed = false
        repeat(3) { dieInTest() }
        assertEquals(gpu, start().choose(both, ::millis))
    }

    @Test
    fun `where the system does not tell, two tests that did not end rule the GPU out`() {
        dieInTest()
        dieInTest()
        assertEquals(cpu, choose())
        assertEquals(Refusal.CRASHED, store.saved?.refusal(Processor.GPU))
    }

    @Test
    fun `two photos in a row that crashed the app rule the GPU out`() {
        for (told in listOf(true, null)) {
            store.saved = null
            crashed = told
            start().choose(both, ::millis)
            dieInPhoto()
            assertEquals(gpu, choose())
            dieInPhoto()
            assertEquals(cpu, choose())
        }
    }

    @Test
    fun `photos during which the app was ended do not`() {
        start().choose(both, ::millis)
        crashed = false
        repeat(3) { dieInPhoto() }
        assertEquals(gpu, choose())
    }

    @Test
    fun `a photo that ends clears the suspicion`() {
        start().choose(both, ::millis)
        crashed = true
        dieInPhoto()
        start().using(gpu) {}
        dieInPhoto()
        assertEquals(gpu, choose())
    }

    @Test
    fun `an exception is no crash`() {
        val choice = start()
        choice.choose(both, ::millis)
        repeat(3) { assertFailsWith<IllegalStateException> { choice.using(gpu) { error("cancelled") } } }
        crashed = true
        assertEquals(gpu, choose())
    }

    @Test
    fun `the CPU takes over from a GPU that fails at a photo, without another test`() {
        val choice = start()
        choice.choose(both, ::millis)
        choice.refuse(gpu, Refusal.FAILED)
        assertEquals(cpu, choice.record.engine)
        assertEquals(cpu, choose())
    }

    @Test
    fun `where nothing works there is no engine, and the next start tries again`() {
        assertNull(start().choose(both) { null })
        assertEquals(cpu, start().choose(both) { if (it == cpu) 1 else null })
    }

    private companion object {
        const val NOW = 1_700_000_000_000
    }
}
