"""Code that runs one of the bundle's networks, for each platform, with the names that the bundle has."""

from __future__ import annotations

from collections.abc import Sequence

from demo.networks.downloads import Download
from edge.bundle.manifest import Format

PYTHON = """\
import numpy as np
from ai_edge_litert.interpreter import Interpreter

network = Interpreter("{file}").get_signature_runner("{function}")
cells = np.zeros({shape}, np.{dtype})  # {about}
{output} = network({input}=cells)["{output_name}"]
"""

KOTLIN = """\
val model = CompiledModel.create(assets, "{file}", CompiledModel.Options(Accelerator.CPU))
val input = model.createInputBuffer("{input}", "{function}")
val output = model.createOutputBuffer("{output_name}", "{function}")
input.{write}(cells)  // {about}
model.run(mapOf("{input}" to input), mapOf("{output_name}" to output), "{function}")
val {output} = output.{read}()
"""

SWIFT = """\
let configuration = MLModelConfiguration()
configuration.functionName = "{function}"
let package = Bundle.main.url(forResource: "{stem}", withExtension: "mlpackage")!
let compiled = try await MLModel.compileModel(at: package)
let model = try await MLModel.load(contentsOf: compiled, configuration: configuration)
let cells = MLShapedArray<Float>(repeating: 0, shape: {list})  // {about}
let inputs = try MLDictionaryFeatureProvider(dictionary: ["{input}": MLFeatureValue(shapedArray: cells)])
let {output} = try await model.prediction(from: inputs).featureValue(for: "{output_name}")?
    .shapedArrayValue(of: Float.self)
"""

ONNX = """\
import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.qdqisint8allowed", "1")  # else sums may saturate on x86
network = onnxruntime.InferenceSession("{file}", options, providers=["CPUExecutionProvider"])
cells = np.zeros({shape}, np.{dtype})  # {about}
({output},) = network.run(["{output_name}"], {{"{input}": cells}})
"""

PLATFORMS: tuple[tuple[str, Format, str], ...] = (
    ("Android (Kotlin, LiteRT)", "litert", KOTLIN),
    ("iOS (Swift, Core ML)", "coreml", SWIFT),
    ("Python (LiteRT)", "litert", PYTHON),
    ("Python (ONNX Runtime)", "onnx", ONNX),
)
"""Title, format, and code of each platform."""


def snippets(found: Sequence[Download], part: str = "encoder") -> list[tuple[str, str]]:
    """Title and code for each platform that the bundle has a file of ``part`` for, INT8 if possible."""
    made = []
    for title, kind, code in PLATFORMS:
        files = [each for each in found if each.part == part and each.artifact.format == kind]
        if files:
            chosen = next((each for each in files if each.artifact.precision == "int8"), files[0])
            made.append((title, code.format(**_names(chosen))))
    return made


def _names(download: Download) -> dict[str, str]:
    artifact, tile = download.artifact, download.tiles[0]
    (given,), (output,) = artifact.inputs, artifact.outputs
    shape = (1, tile.rows, tile.columns, given.channels)
    stored = f", stored as value / {given.scale:.7g} + {given.zero_point}" if given.dtype == "int8" else ""
    return {
        "file": download.name,
        "stem": download.name.removesuffix(".zip").removesuffix(".mlpackage"),
        "function": tile.function or "",
        "shape": str(shape),
        "list": str(list(shape)),
        "dtype": given.dtype,
        "about": f"{given.role}, 0..1{stored}: cells of 4x4 pixels, colours last",
        "input": given.name,
        "output_name": output.name,
        "output": output.role,
        "write": "writeInt8" if given.dtype == "int8" else "writeFloat",
        "read": "readInt8" if output.dtype == "int8" else "readFloat",
    }
