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
import android.widget.Button
import android.widget.ProgressBar
import android.widget.SeekBar
import android.widget.Switch
import android.widget.TextView
import org.heirloom.app.photo.Gallery
import org.heirloom.app.photo.SharedFiles
import org.heirloom.app.ui.CompareView
import org.heirloom.app.ui.onChange
import org.heirloom.core.Faces
import org.heirloom.core.Options
import org.heirloom.core.Scratches

/** The app's only screen: shows the state of the [Studio] and passes the user's commands to it. */
class MainActivity : Activity() {
    private val studio get() = (application as HeirloomApp).studio

    private lateinit var compare: CompareView
    private lateinit var engine: TextView
    private lateinit var message: TextView
    private lateinit var progress: ProgressBar
    private lateinit var strength: SeekBar
    private lateinit var strengthLabel: TextView
    private lateinit var scratches: Switch
    private lateinit var fillOnly: Switch
    private lateinit var faces: Switch
    private lateinit var open: Button
    private lateinit var camera: Button
    private lateinit var restore: Button
    private lateinit var cancel: Button
    private lateinit var save: Button
    private lateinit var share: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        compare = findViewById(R.id.compare) as CompareView
        engine = findViewById(R.id.engine) as TextView
        message = findViewById(R.id.message) as TextView
        progress = findViewById(R.id.progress) as ProgressBar
        strength = findViewById(R.id.strength) as SeekBar
        strengthLabel = findViewById(R.id.strength_label) as TextView
        scratches = findViewById(R.id.scratches) as Switch
        fillOnly = findViewById(R.id.fill_only) as Switch
        faces = findViewById(R.id.faces) as Switch
        open = button(R.id.open) { pick() }
        camera = button(R.id.camera) { takePicture() }
        restore = button(R.id.restore) { studio.restore(options()) }
        cancel = button(R.id.cancel) { studio.cancel() }
        save = button(R.id.save) { save() }
        share = button(R.id.share) { share() }
        strength.onChange { strengthLabel.text = getString(R.string.strength, it) }
        compare.divider = savedInstanceState?.getFloat(DIVIDER) ?: compare.divider
        if (savedInstanceState == null) openSent(intent)
    }

    override fun onStart() {
        super.onStart()
        studio.listener = ::show
        show(studio.screen)
        strengthLabel.text = getString(R.string.strength, strength.progress)
    }

    override fun onStop() {
        studio.listener = null
        super.onStop()
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putFloat(DIVIDER, compare.divider)
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
            PICK -> data?.data?.let(studio::open)
            CAMERA -> studio.open(SharedFiles.uriOf(this, studio.capture()))
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
            studio.say(Text(R.string.not_allowed))
        }
    }

    private fun show(screen: Screen) {
        val idle = screen.busy == null
        compare.show(screen.before, screen.after)
        compare.keepScreenOn = screen.busy == Busy.RESTORING
        engine.text = screen.engineText()?.on(this) ?: getString(R.string.engine_unknown)
        val sentence = sentence(screen)
        // A live region is read out whenever it is set, and the progress is shown many times.
        if (message.text.toString() != sentence) message.text = sentence
        progress.visibility = if (idle) View.INVISIBLE else View.VISIBLE
        progress.isIndeterminate = screen.share == null
        progress.progress = ((screen.share ?: 0f) * progress.max).toInt()
        val restoring = screen.busy == Busy.RESTORING
        restore.visibility = if (restoring) View.GONE else View.VISIBLE
        cancel.visibility = if (restoring) View.VISIBLE else View.GONE
        restore.isEnabled = idle && screen.photo != null
        for (control in listOf(strength, scratches, fillOnly, faces)) control.isEnabled = idle
        for (source in listOf(open, camera)) source.isEnabled = idle || screen.busy == Busy.CHECKING
        for (target in listOf(save, share)) target.isEnabled = idle && screen.restored != null
    }

    private fun sentence(screen: Screen): String =
        screen.message?.on(this) ?: getString(
            when (screen.busy) {
                Busy.CHECKING -> R.string.checking
                Busy.OPENING -> R.string.opening
                Busy.RESTORING -> R.string.restoring
                Busy.SAVING -> R.string.saving
                null -> if (screen.photo == null) R.string.welcome else R.string.ready
            },
        )

    private fun options() =
        Options(
            strength = strength.progress / 100.0,
            scratches = if (scratches.isChecked) Scratches.Auto else Scratches.Off,
            fillOnly = fillOnly.isChecked && scratches.isChecked,
            faces = if (faces.isChecked) Faces.Auto else Faces.Off,
        )

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
            studio.say(Text(otherwise))
        }
    }

    /** Opens the photo that another app has sent; the system puts it into the clip data too. */
    private fun openSent(intent: Intent) {
        // The list of recent apps sends the task's first intent again.
        val isRepeated = intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY != 0
        if (intent.action != Intent.ACTION_SEND || isRepeated) return
        val uri: Uri? = intent.clipData?.getItemAt(0)?.uri
        if (uri == null) studio.say(Text(R.string.not_readable)) else studio.open(uri)
    }

    private fun button(
        id: Int,
        action: () -> Unit,
    ): Button = (findViewById(id) as Button).apply { setOnClickListener { action() } }

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
