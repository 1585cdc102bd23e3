package org.heirloom.core

import org.junit.Test

class FillTest {
    @Test
    fun filled() {
        for (store in listOf(LatentStore(), LatentStore(heapLimit = 0))) {
            for ((i, case) in golden("damage.json").each("filled").withIndex()) {
                val pixels = case.picture("picture")
                val damage = Damage(case.mask(), case.int("factor"))
                pushPull(pixels, damage, case.number("strength"), store)
                assertInts("case $i", case.ints("result"), samples(pixels))
            }
        }
    }
}
