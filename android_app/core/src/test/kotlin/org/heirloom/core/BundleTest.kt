package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import java.io.File
import java.nio.file.Files

class BundleTest {
    @get:Rule
    val temporary = TemporaryFolder()

    private val cases = golden("files.json").each("cases")

    private fun layOut(case: Vector): File {
        val folder = temporary.newFolder()
        val files = case.inner("files")
        for (path in files.names()) {
            File(folder, path).apply { parentFile.mkdirs() }.writeText(files.text(path)!!)
        }
        case.text("manifest_text")?.let { File(folder, Bundle.MANIFEST_NAME).writeText(it) }
        return folder
    }

    @Test
    fun filesAreChecked() {
        for (case in cases) {
            val name = case.text("name")!!
            val source = FolderSource(layOut(case))
            if (case.isNull("error")) {
                val bundle = Bundle.open(source)
                for (path in bundle.manifest.files.keys) {
                    assertEquals(case.inner("files").text(path), String(bundle.bytes(path)))
                }
            } else {
                val error = assertThrows(name, HeirloomError::class.java) { Bundle.open(source) }
                assertEquals(name, case.text("error"), error.javaClass.simpleName)
            }
        }
    }

    @Test
    fun fileThatChangesLaterIsNotUsed() {
        val folder = layOut(cases[0])
        val bundle = Bundle.open(FolderSource(folder))
        val path =
            bundle.manifest.files.keys
                .first()
        File(folder, path).appendText("x")
        assertThrows(ChecksumMismatch::class.java) { bundle.bytes(path) }
    }

    @Test
    fun linkOutOfTheBundleIsRefused() {
        val folder = layOut(cases[0])
        val path =
            Bundle
                .open(FolderSource(folder))
                .manifest.files.keys
                .first()
        val file = File(folder, path)
        val elsewhere = temporary.newFile()
        file.copyTo(elsewhere, overwrite = true)
        file.delete()
        Files.createSymbolicLink(file.toPath(), elsewhere.toPath())
        assertThrows(InvalidManifest::class.java) { Bundle.open(FolderSource(folder)) }
    }

    @Test
    fun otherPrecisionsStandIn() {
        val text = golden("pipeline.json").text("manifest_text")!!
        val bundle = bundleOf(text)
        val precisions = { part: String -> bundle.artifact(part, "float32", listOf("litert")).precision }
        assertEquals("float32", precisions("tone"))
        for (large in listOf("scratch", "face")) assertEquals("int8", precisions(large))
        assertThrows(MissingArtifact::class.java) { precisions("mapper") }
        // With float16 weights of everything that was INT8 these come first.
        val halves = bundleOf(text.replace("\"precision\":\"int8\"", "\"precision\":\"float16\""))
        for (part in listOf("scratch", "mapper")) {
            assertEquals("float16", halves.artifact(part, "float32", listOf("litert")).precision)
        }
        assertThrows(MissingArtifact::class.java) { halves.artifact("scratch", "int8", listOf("litert")) }
    }

    /** The tone curves must not depend on which other formats may run. */
    @Test
    fun formatComesBeforeWhatStandsIn() {
        val text = golden("pipeline.json").text("manifest_text")!!
        val first = Regex("""\{"format":"litert","precision":"float32".*?"data":"none"\}[^{}]*\}""")
        val tone = first.find(text)!!.value
        val onnx = tone.replace("litert", "onnx")
        val half = tone.replace("\"precision\":\"float32\"", "\"precision\":\"float16\"")
        val bundle = bundleOf(text.replace(tone, "$onnx,$half"))
        for (precision in listOf("int8", "float32")) {
            for (formats in listOf(listOf("litert", "onnx"), listOf("onnx", "litert"))) {
                assertEquals(formats[0], bundle.artifact("tone", precision, formats).format)
            }
        }
    }

    @Test
    fun whatIsNotThereIsNamed() {
        val bundle = Bundle.open(FolderSource(layOut(cases[0])))
        assertThrows(MissingArtifact::class.java) { bundle.part("face") }
        val name =
            bundle.manifest.parts.keys
                .first()
        assertThrows(MissingArtifact::class.java) { bundle.artifact(name, "palettized", listOf("litert")) }
    }
}
