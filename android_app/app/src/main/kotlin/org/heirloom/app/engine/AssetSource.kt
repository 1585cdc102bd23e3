package org.heirloom.app.engine

import android.content.res.AssetManager
import org.heirloom.core.BundleSource
import java.io.InputStream

/** The bundle in the app's assets, where `heirloom bundle export --android` puts it. */
class AssetSource(
    private val assets: AssetManager,
) : BundleSource {
    override fun open(path: String): InputStream = assets.open(assetPath(path))

    /** Whether the app was built without a bundle. */
    fun isEmpty(): Boolean = assets.list(FOLDER).isNullOrEmpty()

    companion object {
        private const val FOLDER = "heirloom"

        /** The path in the assets of the bundle's file at [path]. */
        fun assetPath(path: String) = "$FOLDER/$path"
    }
}
