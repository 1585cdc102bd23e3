package org.heirloom.app

import org.heirloom.core.Done

/** A sentence with what was done to a photo. */
fun wordsFor(done: List<Done>) =
    Text { context ->
        val steps = done.map { wordsFor(it).on(context) }
        val all = if (steps.isEmpty()) context.getString(R.string.done_nothing) else steps.joinToString()
        context.getString(R.string.done, all)
    }

private fun wordsFor(step: Done): Text =
    when (step) {
        is Done.MountLeft -> text(R.string.done_mount)
        is Done.DamageFilled -> text(R.string.done_damage, 100 * step.share)
        is Done.ToneSet -> text(R.string.done_tone)
        is Done.TilesRestored -> text(R.string.done_restored)
        is Done.FacesRefined -> plural(R.plurals.done_faces, step.count)
    }
