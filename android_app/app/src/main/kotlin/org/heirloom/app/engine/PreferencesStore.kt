package org.heirloom.app.engine

import android.annotation.SuppressLint
import android.content.Context

/** Keeps the record of the engines in the app's preferences. */
class PreferencesStore(
    context: Context,
) : EngineStore {
    private val preferences = context.getSharedPreferences("engines", Context.MODE_PRIVATE)

    override fun load(): EngineRecord? = preferences.getString(RECORD, null)?.let(EngineRecord::parse)

    // Not apply(): the next step may crash the process before the write reaches the disk.
    @SuppressLint("ApplySharedPref")
    override fun save(record: EngineRecord) {
        preferences.edit().putString(RECORD, record.text()).commit()
    }

    private companion object {
        const val RECORD = "record"
    }
}
