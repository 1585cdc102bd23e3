"""Opening bundles: every way in which one can be wrong has its error, before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.bundle.bundle import (
    MANIFEST_NAME,
    Bundle,
    find_artifact,
    open_bundle,
    read_tensor,
    write_manifest,
    write_tensor,
)
from edge.bundle.manifest import PartName, Precision, Tensor, Tile, artifact_bytes, json_schema
from edge.commands.bundle import command
from edge.errors import (
    ChecksumMismatch,
    InvalidManifest,
    MissingArtifact,
    MissingBundleFile,
    SelfTestFailed,
    UnknownBundleVersion,
)
from edge.restore.tiles import budget
from edge.runtimes.selftest import max_difference, self_test

NETWORK = "encoder/float32.tflite"


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / MANIFEST_NAME
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def test_the_tiny_bundle_opens(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    assert bundle.manifest.name == "tiny"
    assert len(bundle.digest) == 64


def test_the_digest_follows_the_manifest(own_bundle: Path) -> None:
    before = open_bundle(own_bundle).digest
    assert open_bundle(own_bundle).digest == before
    edit_manifest(own_bundle, lambda m: m.update(version="1"))
    assert open_bundle(own_bundle).digest != before


def test_a_later_version_is_named(own_bundle: Path) -> None:
    edit_manifest(own_bundle, lambda m: m.update(format_version=3, parts="otherwise"))
    with pytest.raises(UnknownBundleVersion, match="3"):
        open_bundle(own_bundle)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest, match="not a bundle"):
        open_bundle(tmp_path)


def test_an_installation_without_a_bundle_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.bundle.bundle.SHIPPED", tmp_path / "none")
    with pytest.raises(MissingBundleFile, match="no bundle"):
        open_bundle()


def test_bad_json_is_refused(own_bundle: Path) -> None:
    raw = (own_bundle / MANIFEST_NAME).read_bytes()
    (own_bundle / MANIFEST_NAME).write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InvalidManifest):
        open_bundle(own_bundle)


def test_a_missing_file_is_named(own_bundle: Path) -> None:
    (own_bundle / NETWORK).unlink()
    with pytest.raises(MissingBundleFile, match=NETWORK):
        open_bundle(own_bundle)


def test_a_folder_in_a_file_s_place_is_missing(own_bundle: Path) -> None:
    (own_bundle / NETWORK).unlink()
    (own_bundle / NETWORK).mkdir()
    with pytest.raises(MissingBundleFile, match=NETWORK):
        open_bundle(own_bundle)


def test_one_flipped_bit_is_noticed(own_bundle: Path) -> None:
    raw = bytearray((own_bundle / NETWORK).read_bytes())
    raw[len(raw) // 2] ^= 1
    (own_bundle / NETWORK).write_bytes(raw)
    with pytest.raises(ChecksumMismatch, match=NETWORK):
        open_bundle(own_bundle)


def test_a_wrong_size_is_noticed(own_bundle: Path) -> None:
    edit_manifest(own_bundle, lambda m: m["files"][NETWORK].update(bytes=1))
    with pytest.raises(ChecksumMismatch, match=NETWORK):
        open_bundle(own_bundle)


def test_an_unlisted_network_is_refused(own_bundle: Path) -> None:
    edit_manifest(own_bundle, lambda m: m["files"].pop(NETWORK))
    with pytest.raises(InvalidManifest, match="not listed"):
        open_bundle(own_bundle)


def test_a_link_out_of_the_bundle_is_refused(own_bundle: Path) -> None:
    outside = own_bundle.parent / "outside"
    (own_bundle / NETWORK).rename(outside)
    (own_bundle / NETWORK).symlink_to(outside)
    with pytest.raises(InvalidManifest, match="leads out"):
        open_bundle(own_bundle)


def test_artifacts_are_found_in_the_preferred_format(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    assert find_artifact(bundle, "encoder", "float32", ("onnx", "litert")).format == "onnx"
    assert find_artifact(bundle, "encoder", "float32", ("litert", "onnx")).format == "litert"
    assert find_artifact(bundle, "encoder", "int8", ("onnx", "litert")).format == "litert"
    with pytest.raises(MissingArtifact, match="encoder in int8 for onnx"):
        find_artifact(bundle, "encoder", "int8", ("onnx",))
    with pytest.raises(MissingArtifact):
        find_artifact(bundle, "encoder", "float16", ("litert", "onnx"))


def test_the_format_comes_before_what_stands_in_for_a_precision(tiny_bundle: Path) -> None:
    """So that the tone curves don't depend on which other runtimes are installed."""
    bundle = open_bundle(tiny_bundle)
    tone = bundle.manifest.parts["tone"]
    litert, onnx = (
        next(each for each in tone.artifacts if each.format == kind) for kind in ("litert", "onnx")
    )
    artifacts = [onnx, msgspec.structs.replace(litert, precision="float16")]
    parts = bundle.manifest.parts | {"tone": msgspec.structs.replace(tone, artifacts=artifacts)}
    shipped = Bundle(bundle.folder, msgspec.structs.replace(bundle.manifest, parts=parts), "")
    for precision in ("int8", "float32"):
        assert find_artifact(shipped, "tone", precision, ("litert", "onnx")).format == "litert"
        assert find_artifact(shipped, "tone", precision, ("onnx", "litert")).format == "onnx"


def in_precisions(bundle: Bundle, name: PartName, *precisions: Precision) -> Bundle:
    """The bundle with a part in LiteRT and these precisions only, whatever the networks' own one is."""
    part = bundle.manifest.parts[name]
    artifacts = [msgspec.structs.replace(part.artifacts[0], precision=each) for each in precisions]
    parts = bundle.manifest.parts | {name: msgspec.structs.replace(part, artifacts=artifacts)}
    return Bundle(bundle.folder, msgspec.structs.replace(bundle.manifest, parts=parts), "")


def test_what_stands_in_for_a_precision_that_is_missing(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    assert find_artifact(bundle, "tone", "int8", ("litert",)).precision == "float32"
    with pytest.raises(MissingArtifact):
        find_artifact(bundle, "decoder", "int8", ("onnx",))
    for name in ("decoder", "scratch", "face"):
        both = in_precisions(bundle, name, "int8", "float16")
        assert find_artifact(both, name, "float32", ("litert",)).precision == "float16"
        assert find_artifact(both, name, "int8", ("litert",)).precision == "int8"
        for precision in ("float16", "float32"):
            only = in_precisions(bundle, name, "int8")
            if name != "decoder":
                assert find_artifact(only, name, precision, ("litert",)).precision == "int8"
                continue
            with pytest.raises(MissingArtifact):
                find_artifact(only, name, precision, ("litert",))


def test_a_part_that_the_bundle_lacks_is_a_missing_artifact(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    parts = {name: part for name, part in bundle.manifest.parts.items() if name != "scratch"}
    without = Bundle(bundle.folder, msgspec.structs.replace(bundle.manifest, parts=parts), bundle.digest)
    with pytest.raises(MissingArtifact, match="scratch"):
        find_artifact(without, "scratch", "float32", ("litert",))


def test_writing_a_manifest_is_deterministic_and_leaves_nothing_else(own_bundle: Path) -> None:
    manifest = open_bundle(own_bundle).manifest
    before = (own_bundle / MANIFEST_NAME).read_bytes()
    reordered = dict(reversed(manifest.parts.items()))
    write_manifest(own_bundle, msgspec.structs.replace(manifest, parts=reordered))
    assert (own_bundle / MANIFEST_NAME).read_bytes() == before
    assert [path.name for path in own_bundle.iterdir() if path.is_file()] == [MANIFEST_NAME]


def test_an_invalid_manifest_is_never_written(own_bundle: Path) -> None:
    manifest = open_bundle(own_bundle).manifest
    before = (own_bundle / MANIFEST_NAME).read_bytes()
    with pytest.raises(InvalidManifest):
        write_manifest(own_bundle, msgspec.structs.replace(manifest, files={}))
    with pytest.raises(InvalidManifest):  # JSON has no infinity
        write_manifest(own_bundle, msgspec.structs.replace(manifest, figures={"psnr": float("inf")}))
    assert (own_bundle / MANIFEST_NAME).read_bytes() == before


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_tensors_survive_the_file_whatever_their_byte_order(
    tiny_bundle: Path, tmp_path: Path, dtype: Any
) -> None:
    tile = Tile(rows=2, columns=3, file="x")
    spec = Tensor(role="photo", name="x", channels=4, dtype=dtype, scale=0.5)
    values = np.arange(24).reshape(1, 2, 3, 4).astype(np.dtype(dtype).newbyteorder(">"))
    entry = write_tensor(tmp_path, "golden/x.bin", values)
    assert (tmp_path / "golden/x.bin").read_bytes() == values.astype(
        f"<{np.dtype(dtype).str[1:]}"
    ).tobytes()
    assert entry.bytes == values.nbytes
    manifest = open_bundle(tiny_bundle).manifest
    read = read_tensor(Bundle(tmp_path, manifest, ""), "golden/x.bin", spec, tile)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, values)


def test_the_self_test_covers_every_golden_vector(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    results = self_test(bundle, must_pass=True)
    artifacts = [a for part in bundle.manifest.parts.values() for a in part.artifacts]
    # One golden vector each, in both tiles (face, tone and an ONNX detector have only one), and in a size
    # that no tile has, where the network runs in any.
    assert len(results) == sum(len(a.tiles) + a.resizes for a in artifacts) == 50
    smallest = self_test(bundle, smallest_only=True)
    assert len(smallest) == sum(len(a.golden) for a in artifacts) == 23
    assert {result.rows for result in smallest if result.part == "decoder"} == {12}
    assert {result.precision for result in results} == {"float32", "int8"}
    assert all(result.passed for result in results)
    assert {result.format for result in self_test(bundle, runtime="onnx")} == {"onnx"}


def spoil_golden(folder: Path, path: str) -> None:
    """Change one value of a golden tensor, with checksums that agree."""
    bundle = open_bundle(folder)
    values = np.fromfile(folder / path, np.int8)
    values[5] ^= 0x40
    files = bundle.manifest.files | {path: write_tensor(folder, path, values)}
    write_manifest(folder, msgspec.structs.replace(bundle.manifest, files=files))


def test_the_self_test_notices_one_wrong_value(own_bundle: Path) -> None:
    spoil_golden(own_bundle, "golden/decoder-litert-int8-out0.bin")
    bundle = open_bundle(own_bundle)
    failed = [result for result in self_test(bundle) if not result.passed]
    assert [(r.part, r.precision, r.rows, r.max_difference) for r in failed] == [
        ("decoder", "int8", 12, 64),
        ("decoder", "int8", 16, 64),
        ("decoder", "int8", 13, 64),
    ]
    with pytest.raises(SelfTestFailed, match="decoder"):
        self_test(bundle, must_pass=True)


def test_the_self_test_looks_at_all_within_the_halo(tiny_bundle: Path) -> None:
    """Nearer to a tile's border its network sees padding, which golden vectors don't have."""
    bundle = open_bundle(tiny_bundle)
    parts = bundle.manifest.parts
    for halo, wrong in ((parts["decoder"].halo - 1, {12, 13, 16}), (parts["decoder"].halo + 1, set())):
        other = parts | {"decoder": msgspec.structs.replace(parts["decoder"], halo=halo)}
        manifest = msgspec.structs.replace(bundle.manifest, parts=other)
        failed = [result for result in self_test(Bundle(tiny_bundle, manifest, "")) if not result.passed]
        assert {result.rows for result in failed} == wrong
        assert all(result.part == "decoder" for result in failed)


def test_a_self_test_of_nothing_does_not_pass(tiny_bundle: Path) -> None:
    bundle = open_bundle(tiny_bundle)
    tone = bundle.manifest.parts["tone"]
    litert_only = msgspec.structs.replace(tone, artifacts=tone.artifacts[:1])
    manifest = msgspec.structs.replace(bundle.manifest, parts={"tone": litert_only})
    with pytest.raises(MissingArtifact):
        self_test(Bundle(tiny_bundle, manifest, ""), runtime="onnx")


def test_differences_neither_wrap_nor_hide_in_nan() -> None:
    low, high = np.array([-128], np.int8), np.array([127], np.int8)
    assert max_difference(low, high) == 255
    assert max_difference(np.array([0.0, np.nan]), np.zeros(2)) == float("inf")


def shown(*arguments: object, columns: int = 200) -> str:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(command, ["show", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def row(text: str, name: str) -> list[str]:
    """The words after the name in the line that begins with it."""
    (line,) = (line for line in text.splitlines() if line.split()[:1] == [name])
    return line.split()[1:]


def test_show_prints_parts_sizes_memory_and_licence(tiny_bundle: Path) -> None:
    printed = shown(tiny_bundle)
    for text in ("mapper_global", "12, 16x24", "int8", "onnx", "Apache-2.0", "23.5", "--gates"):
        assert text in printed
    assert "120.0" not in printed
    manifest = open_bundle(tiny_bundle).manifest
    kinds = {(a.format, a.precision) for part in manifest.parts.values() for a in part.artifacts}
    total = sum(artifact_bytes(manifest, a) for part in manifest.parts.values() for a in part.artifacts)
    sums = row(printed, "all")
    assert len(sums) == len(kinds)
    assert sum(map(float, sums)) == pytest.approx(total / 2**20, abs=0.005 * len(kinds))
    latent = find_artifact(open_bundle(tiny_bundle), "encoder", "int8", ("litert",)).outputs[0]
    enough = budget.enough(
        budget.Demand(3 * 12 * 10**6, (3000, 4000), latent, manifest.detection.largest_side)
    )
    assert f"{enough >> 20} MiB for 12 megapixels in int8" in printed


def test_show_fits_a_screen_and_gates_show_every_measurement() -> None:
    assert len(shown(columns=80).splitlines()) <= 40
    printed = shown("--gates", columns=80)
    for name, part in open_bundle().manifest.parts.items():
        for artifact in part.artifacts:
            gate = artifact.gate
            figures = (gate.output_psnr, gate.residual_psnr, gate.worst_tile_psnr)
            expected = [f"{value:.1f}" for value in figures if value is not None]
            words = [line.split() for line in printed.splitlines()]
            (found,) = (w[3:] for w in words if w[:3] == [name, artifact.format, artifact.precision])
            assert found[: len(expected) + 1] == [*expected, str(gate.tiles)]


def test_verify_passes_and_fails_with_the_bundle(own_bundle: Path) -> None:
    result = CliRunner().invoke(command, ["verify", str(own_bundle)])
    assert (result.exit_code, "50 of 50" in result.output) == (0, True)
    spoil_golden(own_bundle, "golden/decoder-litert-int8-out0.bin")
    result = CliRunner().invoke(command, ["verify", str(own_bundle)])
    assert (result.exit_code, "47 of 50" in result.output) == (1, True)
    (own_bundle / NETWORK).write_bytes(b"")
    result = CliRunner().invoke(command, ["verify", str(own_bundle)])
    assert isinstance(result.exception, ChecksumMismatch)


def test_schema_prints_the_schema() -> None:
    result = CliRunner().invoke(command, ["schema"])
    assert json.loads(result.output) == json_schema()
