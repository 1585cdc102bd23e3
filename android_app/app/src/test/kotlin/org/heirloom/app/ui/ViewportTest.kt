package org.heirloom.app.ui

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class ViewportTest {
    private val viewport = Viewport().apply { fit(1000, 500, 4000, 3000) }

    @Test
    fun `at first the whole photo is in the middle`() {
        assertEquals(1 / 6f, viewport.scale, 1e-6f)
        assertEquals(0f, viewport.top, 1e-3f)
        assertEquals(500f, viewport.bottom, 1e-2f)
        assertEquals(1000 - viewport.right, viewport.left, 1e-2f)
        assertFalse(viewport.isEnlarged)
    }

    @Test
    fun `enlarging leaves what is under the fingers where it is`() {
        val (x, y) = viewport.photoX(600f) to viewport.photoY(200f)
        viewport.zoom(3f, 600f, 200f)
        assertEquals(0.5f, viewport.scale, 1e-6f)
        assertEquals(x, viewport.photoX(600f), 0.1f)
        assertEquals(y, viewport.photoY(200f), 0.1f)
        assertTrue(viewport.isEnlarged)
    }

    @Test
    fun `two taps show the photo's own pixels, and two more the whole photo`() {
        viewport.toggle(700f, 300f)
        assertEquals(1f, viewport.scale)
        viewport.toggle(100f, 100f)
        assertEquals(1 / 6f, viewport.scale, 1e-6f)
        assertEquals(0f, viewport.top, 1e-2f)
    }

    @Test
    fun `a photo smaller than the view is enlarged by two taps, too`() {
        viewport.fit(1000, 500, 200, 100)
        viewport.toggle(500f, 250f)
        assertEquals(10f, viewport.scale, 1e-4f)
    }

    @Test
    fun `the photo's borders stay at the view's`() {
        viewport.zoom(60f, 500f, 250f)
        viewport.move(1e6f, 1e6f)
        assertEquals(0f, viewport.left)
        assertEquals(0f, viewport.top)
        viewport.move(-1e6f, -1e6f)
        assertEquals(1000f, viewport.right, 1e-2f)
        assertEquals(500f, viewport.bottom, 1e-2f)
    }

    @Test
    fun `there is a largest size, and a smallest`() {
        viewport.zoom(1e6f, 0f, 0f)
        assertEquals(4f, viewport.scale)
        viewport.zoom(1e-6f, 0f, 0f)
        assertEquals(1 / 6f, viewport.scale, 1e-6f)
    }
}
