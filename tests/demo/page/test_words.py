from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from demo.errors import reported
from demo.page import plots, tables
from demo.variants import INPUT, Variant, hidden, runnable, variants_of
from demo.work.sessions import Request, Session
from demo.work.worker import Result
from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import artifact_bytes

BUNDLE = open_bundle()


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("/tmp/x/y z.jpg is broken: copy it again.", "y z.jpg is broken: copy it again."),
        ("The mask /a/b-c/mask.png has 3x4 pixels.", "The mask mask.png has 3x4 pixels."),
        ("[Errno 2] No such file: '/home/me/.cache/a.npy'", "[Errno 2] No such file: 'a.npy'"),
        (r"C:\Users\me\a.jpg is not a photo.", "a.jpg is not a photo."),
        ("8-bit L/RGB, 1/4 of 3 MB/s.", "8-bit L/RGB, 1/4 of 3 MB/s."),
    ],
)
def test_no_folder_is_told(sentence: str, said: str) -> None:
    assert reported(sentence) == said


def test_the_variants_are_the_bundles() -> None:
    found = variants_of(BUNDLE, None)
    assert next(iter(found)) == "litert-float16"
    assert {"litert-int8", "onnx-int8", "coreml-float16", "coreml-int8"} < found.keys()
    # The tone network exists in float only, and belongs to the INT8 variant all the same.
    packages = {"tone": "float16"}
    sizes = [
        artifact_bytes(BUNDLE.manifest, artifact)
        for name, part in BUNDLE.manifest.parts.items()
        for artifact in part.artifacts
        if (artifact.format, artifact.precision) == ("coreml", packages.get(name, "int8"))
    ]
    assert len(sizes) == len(BUNDLE.manifest.parts)
    assert found["coreml-int8"].bytes == sum(sizes)
    # The large networks exist in INT8 only.
    files = {
        f"{name}/{'int8' if name in ('face', 'scratch') else 'float16'}.tflite"
        for name in BUNDLE.manifest.parts
    }
    everything = sum(file.bytes for name, file in BUNDLE.manifest.files.items() if name in files)
    assert found["litert-float16"].bytes == everything


def test_variants_whose_libraries_are_missing_are_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = variants_of(BUNDLE, None)
    assert runnable(found) == found and not hidden(found)
    monkeypatch.setattr("demo.variants.find_spec", lambda name: None)
    assert {*runnable(found)} == {"litert-float16", "litert-int8"}
    assert "Mobile INT8, ONNX" in hidden(found) and '.[convert]"' in hidden(found)


def test_imported_weights_become_the_reference(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(bytes(1000))
    found = variants_of(BUNDLE, tmp_path)
    first = next(iter(found.values()))
    assert (first.key, first.runtime, first.bytes) == ("torch", "torch", 1000)
    assert "no full-precision teacher" not in tables.variants(found, None, ())
    assert "no full-precision teacher" in tables.variants(variants_of(BUNDLE, None), None, ())


def session() -> Session:
    made = Session(Path("/nowhere"), Request("/a/b.jpg"), 0.0)
    made.results["litert-float16"] = Result(1.5, 200_000_000, ["restored"], [])
    made.results["litert-int8"] = Result(0.25, None, ["tone", "restored"], [])
    made.psnr |= {INPUT: 26.04, "litert-int8": 43.06}
    made.failures["onnx-int8"] = "<b>No</b>."
    return made


def test_the_table_holds_the_figures() -> None:
    rows = {
        row.split("</td>")[0].split(">")[-1]: re.findall(r"<td[^>]*>([^<]*)</td>", row)
        for row in tables.variants(variants_of(BUNDLE, None), session(), (INPUT, "litert-int8")).split(
            "<tr"
        )
    }
    assert rows["Mobile float16, LiteRT"][1:] == ["reference", "1.50 s", "200 MB", "7.3 MB"]
    assert rows["Mobile INT8, LiteRT"][1:] == ["43.1 dB", "0.25 s", "–", "6.3 MB"]
    assert rows["Photo as given"][1] == "26.0 dB"
    assert rows["Mobile INT8, ONNX"][1] == "&lt;b&gt;No&lt;/b&gt;."


def test_what_comes_from_outside_is_escaped() -> None:
    name = '"><script>alert(1)</script>'
    bundle = replace(BUNDLE, digest=name)
    variant = Variant("x", name, "litert", "int8", 1)
    for page in (tables.notice(name), tables.facts(bundle), tables.variants({"x": variant}, None, ())):
        assert "<script" not in page


def test_every_network_is_plotted_where_its_figure_is() -> None:
    drawn = plots.gates(BUNDLE)
    count = sum(len(part.artifacts) for part in BUNDLE.manifest.parts.values())
    assert drawn.count('class="dot"') == drawn.count('class="ring"') == drawn.count('class="line"') == count
    decoder = next(
        artifact
        for artifact in BUNDLE.manifest.parts["decoder"].artifacts
        if (artifact.format, artifact.precision) == ("litert", "int8")
    )
    left = 100 * (decoder.gate.output_psnr - 20) / 100
    assert f"left:{left:.2f}%" in drawn
    assert f"LiteRT INT8, output: {decoder.gate.output_psnr:.1f} dB" in drawn


def test_the_bars_add_up() -> None:
    drawn = plots.sizes(BUNDLE)
    for variant in variants_of(BUNDLE, None).values():
        assert f"<dd>{variant.bytes / 1e6:.2f} MB</dd>" in drawn
    widths = [float(width) for width in re.findall(r"width:([0-9.]+)%", drawn)]
    longest = max(variants_of(BUNDLE, None).values(), key=lambda variant: variant.bytes)
    assert sum(widths) == pytest.approx(
        100 * sum(v.bytes for v in variants_of(BUNDLE, None).values()) / longest.bytes, abs=0.3
    )
