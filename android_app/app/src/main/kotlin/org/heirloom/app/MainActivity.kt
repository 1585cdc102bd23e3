package org.heirloom.app

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.ClipData
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.provider.MediaStore
import android.view.View
import org.heirloom.app.photo.Gallery
import org.heirloom.app.photo.SharedFiles

/** The app's only screen, and its ways to other apps: picker, camera, what they send and are sent. */
class MainActivity : Activity() {
    private val studio get() = (application as HeirloomApp).studio
    private lateinit var controls: Controls

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        controls = Controls(this, studio)
        onClick(R.id.open) { pick() }
        onClick(R.id.camera) { takePicture() }
        onClick(R.id.save) { save() }
        onClick(R.id.share) { share() }
        savedInstanceState?.let { controls.picture.divider = it.getFloat(DIVIDER) }
        if (savedInstanceState == null) openSent(intent)
    }

    override fun onStart() {
        super.onStart()
        studio.listener = controls::show
        controls.refresh()
        controls.show(studio.screen)
    }

    override fun onStop() {
        studio.listener = null
        super.onStop()
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putFloat(DIVIDER, controls.picture.divider)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        openSent(intent)
    }

    override fun onActivityResult(
        requestCode: Int,
        resultCode: Int,
        data: Intent?,
    ) {
        super.onActivityResult(requestCode, resultCode, data)
        if (resultCode != RESULT_OK) return
        when (requestCode) {
            PICK -> data?.data?.let { studio.open(listOf(it)) }
            CAMERA -> studio.open(listOf(SharedFiles.uriOf(this, studio.capture())))
        }
    }

    override fun onRequestPermissionsResult(
        code: Int,
        permissions: Array<String>,
        results: IntArray,
    ) {
        super.onRequestPermissionsResult(code, permissions, results)
        if (code != SAVE) return
        if (results.firstOrNull() == PackageManager.PERMISSION_GRANTED) {
            studio.save()
        } else {
            studio.say(text(R.string.not_allowed))
        }
    }

    /** The system's own picker shows photos and needs no permission; older systems have a file picker. */
    private fun pick() {
        val intent =
            if (Build.VERSION.SDK_INT >= ANDROID_13) {
                Intent(PICK_IMAGES).setType("image/*")
            } else {
                Intent(Intent.ACTION_GET_CONTENT).setType("image/*").addCategory(Intent.CATEGORY_OPENABLE)
            }
        ask(intent, PICK, R.string.no_picker)
    }

    private fun takePicture() {
        val picture = studio.capture()
        // A camera app may report success without writing a picture: the previous one must not be opened.
        picture.delete()
        val target = SharedFiles.uriOf(this, picture)
        val intent = Intent(MediaStore.ACTION_IMAGE_CAPTURE).putExtra(MediaStore.EXTRA_OUTPUT, target)
        intent.clipData = ClipData.newRawUri(null, target)
        intent.addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION)
        ask(intent, CAMERA, R.string.no_camera)
    }

    private fun save() {
        val permission = Manifest.permission.WRITE_EXTERNAL_STORAGE
        val granted = checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED
        if (Gallery.needsPermission && !granted) {
            requestPermissions(arrayOf(permission), SAVE)
        } else {
            studio.save()
        }
    }

    private fun share() {
        val photo = studio.screen.restored ?: return
        val uri = SharedFiles.uriOf(this, photo.file)
        val intent = Intent(Intent.ACTION_SEND).setType(photo.mime).putExtra(Intent.EXTRA_STREAM, uri)
        intent.clipData = ClipData.newRawUri(null, uri)
        intent.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        startActivity(Intent.createChooser(intent, null))
    }

    private fun ask(
        intent: Intent,
        code: Int,
        otherwise: Int,
    ) {
        try {
            startActivityForResult(intent, code)
        } catch (_: ActivityNotFoundException) {
            studio.say(text(otherwise))
        }
    }

    /** Opens the photos that another app has sent; the system puts them into the clip data too. */
    private fun openSent(intent: Intent) {
        // The list of recent apps sends the task's first intent again.
        val isRepeated = intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY != 0
        val isSent = intent.action == Intent.ACTION_SEND || intent.action == Intent.ACTION_SEND_MULTIPLE
        if (!isSent || isRepeated) return
        val clip: ClipData? = intent.clipData
        val uris: List<Uri> = (0 until (clip?.itemCount ?: 0)).mapNotNull { clip?.getItemAt(it)?.uri }
        studio.open(uris)
    }

    private fun onClick(
        id: Int,
        action: () -> Unit,
    ) = (findViewById(id) as View).setOnClickListener { action() }

    private companion object {
        const val PICK = 1
        const val CAMERA = 2
        const val SAVE = 3
        const val DIVIDER = "divider"
        const val ANDROID_13 = 33

        /** MediaStore.ACTION_PICK_IMAGES, which MediaStore has from API 33 on. */
        const val PICK_IMAGES = "android.provider.action.PICK_IMAGES"
    }
}
