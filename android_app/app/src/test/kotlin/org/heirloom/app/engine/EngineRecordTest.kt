package org.heirloom.app.engine

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class EngineRecordTest {
    private val gpu = Engine(Processor.GPU, "float32")
    private val cpu = Engine(Processor.CPU, "int8")
    private val passed = mapOf(gpu to Outcome.Passed(900), cpu to Outcome.Passed(20))
    private val refused = mapOf(gpu to Outcome.Refused(Refusal.CRASHED), cpu to Outcome.Passed(1))

    @Test
    fun `a record comes back from its text`() {
        for (
        record in listOf(
            EngineRecord(""),
            EngineRecord("ab;12 x:y", passed),
            EngineRecord("key", refused, mapOf(gpu to 2)),
            EngineRecord("key", run = Run(gpu, true, 1_700_000_000_000)),
        )
        ) {
            assertEquals(record, EngineRecord.parse(record.text()))
        }
    }

    @Test
    fun `other text is no record`() {
        val others =
            listOf("", ";;", "TPU:int8:1;;;key", "GPU;;;key", "GPU:int8:ODD;;;key", ";;GPU:int8:no:1;key")
        for (text in others) assertNull(EngineRecord.parse(text), text)
    }

    @Test
    fun `the fastest is used`() {
        assertEquals(listOf(cpu, gpu), EngineRecord("", passed).usable)
        assertEquals(cpu, EngineRecord("", refused).engine)
        assertNull(EngineRecord("").engine)
    }

    @Test
    fun `a processor is refused if none of its engines is usable`() {
        assertEquals(Refusal.CRASHED, EngineRecord("", refused).refusal(Processor.GPU))
        val other = Engine(Processor.GPU, "int8") to Outcome.Passed(5)
        assertNull(EngineRecord("", refused + other).refusal(Processor.GPU))
        assertNull(EngineRecord("").refusal(Processor.GPU))
    }
}
