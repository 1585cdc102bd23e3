package org.heirloom.app.engine

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class EngineRecordTest {
    @Test
    fun `a record comes back from its text`() {
        val engines = listOf(Engine(Processor.GPU, "float32"), Engine(Processor.CPU, "int8"))
        val refusals = mapOf(Processor.GPU to Refusal.CRASHED, Processor.CPU to Refusal.DIFFERS)
        for (
        record in listOf(
            EngineRecord(""),
            EngineRecord("ab;12 x:y"),
            EngineRecord("key", engines, refusals, 2),
        )
        ) {
            assertEquals(record, EngineRecord.parse(record.text()))
        }
    }

    @Test
    fun `other text is no record`() {
        for (text in listOf("", ";;", ";;many;key", "TPU:int8;;0;key", "GPU;;0;key", ";GPU:ODD;0;key")) {
            assertNull(EngineRecord.parse(text), text)
        }
    }
}
