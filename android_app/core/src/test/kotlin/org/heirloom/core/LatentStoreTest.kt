package org.heirloom.core

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import java.io.File
import java.util.Random

class LatentStoreTest {
    @get:Rule
    val temporary = TemporaryFolder()

    private val spec = int8("latent", 5, 0.1, 0)

    @Test
    fun fileAndHeapHoldTheSame() {
        val area = Box(-3, -2, 17, 29)
        val stores = listOf(LatentStore(), LatentStore(temporary.root, heapLimit = 0))
        val read =
            stores.map { store ->
                val random = Random(1)
                Plane(area, spec, store).use { plane ->
                    for (keep in listOf(Box(-3, -2, 17, 10), Box(-3, 10, 5, 29), Box(5, 10, 17, 29))) {
                        val values = ByteArray(keep.rows * keep.columns * spec.channels)
                        plane.write(keep, Int8Values(values.also(random::nextBytes)))
                    }
                    val boxes = listOf(area, Box(0, 0, 4, 7), Box(-9, 20, 25, 40))
                    boxes.map { (plane.read(it) as Int8Values).values }
                }
            }
        for ((heap, file) in read[0].zip(read[1])) assertArrayEquals(heap, file)
    }

    @Test
    fun floatsAreHeldToo() {
        val float = Tensor("latent", "l", 3, DataType.FLOAT32, 1.0, 0, null)
        val area = Box(0, 0, 2, 2)
        val values = FloatArray(12) { it / 7f }
        Plane(area, float, LatentStore(temporary.root, heapLimit = 0)).use { plane ->
            plane.write(area, FloatValues(values))
            assertStored("floats", FloatValues(values), plane.read(area))
        }
    }

    @Test
    fun nothingIsLeftBehind() {
        LatentStore(temporary.root, heapLimit = 10).allocate(11).use {
            it.write(0, ByteArray(11), 0, 11)
            assertEquals(0, temporary.root.list()!!.size)
        }
    }

    @Test
    fun onlyLargeOnesLieInAFile() {
        val store = LatentStore(heapLimit = 10)
        assertTrue(store.onHeap(10))
        assertFalse(store.onHeap(11))
    }

    @Test
    fun folderThatCannotBeWrittenIsNamedAsSuch() {
        val store = LatentStore(File(temporary.root, "missing"), heapLimit = 0)
        assertThrows(MemoryBudgetExceeded::class.java) { store.allocate(1) }
    }
}
