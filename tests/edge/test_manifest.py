"""The schema and the rules that a schema can't say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.bundle import decode_manifest
from edge.errors import BundleError, InvalidManifest, UnknownBundleVersion
from edge.manifest import json_schema

SCHEMA = Path(__file__).parents[2] / "docs" / "bundle.schema.json"
SHA = "0" * 64
Json = dict[str, Any]


def tensor(role: str, name: str, channels: int, dtype: str = "int8", **more: Any) -> Json:
    scale = {"scale": 0.05, "zero_point": 3} if dtype == "int8" else {}
    return {"role": role, "name": name, "channels": channels, "dtype": dtype, **scale, **more}


def part(name: str, inputs: list[Json], outputs: list[Json], halo: int = 2) -> Json:
    paths = [f"golden/{name}-{i}.bin" for i in range(len(inputs) + len(outputs))]
    return {
        "stride": 4,
        "halo": halo,
        "macs_per_cell": 1,
        "parameters": 1,
        "artifacts": [
            {
                "format": "litert",
                "precision": "int8",
                "inputs": inputs,
                "outputs": outputs,
                "tiles": [{"rows": 5, "columns": 6, "file": f"{name}.tflite"}],
                "golden": [
                    {
                        "tile": 0,
                        "inputs": paths[: len(inputs)],
                        "outputs": paths[len(inputs) :],
                        "tolerance": 1,
                    }
                ],
                "gate": {
                    "output_psnr": 40,
                    "residual_psnr": None,
                    "worst_tile_psnr": 30,
                    "tiles": 3,
                    "data": "noise",
                },
            }
        ],
    }


def good() -> Json:
    """A manifest of the restore path, as JSON, that is right in every respect."""
    context = tensor("context", "c", 8, shape=[256, 8])
    latent_in, latent_out = tensor("latent", "a", 8), tensor("latent", "o", 8)
    copy: Json = json.loads(
        json.dumps(
            {
                "encoder": part("encoder", [tensor("photo", "a", 48)], [latent_out]),
                "mapper": part("mapper", [latent_in], [latent_out]),
                "mapper_global": part(
                    "mapper_global", [latent_in, tensor("mask", "m", 16), context], [latent_out]
                ),
                "decoder": part("decoder", [latent_in], [tensor("residual", "o", 48)]),
            }
        )
    )
    files = {}
    for each in copy.values():
        artifact = each["artifacts"][0]
        files[artifact["tiles"][0]["file"]] = {"sha256": SHA, "bytes": 10}
        golden = artifact["golden"][0]
        paths, tensors = golden["inputs"] + golden["outputs"], artifact["inputs"] + artifact["outputs"]
        for path, spec in zip(paths, tensors, strict=True):
            size = 256 * 8 if "shape" in spec else 5 * 6 * spec["channels"]
            files[path] = {"sha256": SHA, "bytes": size}
    return {
        "format_version": 1,
        "name": "tiny",
        "version": "0",
        "parts": copy,
        "files": files,
        "provenance": {"recipe": "none", "data": "none", "licence": "none", "tools": {}},
    }


def artifact_of(manifest: Json, name: str) -> Json:
    found: Json = manifest["parts"][name]["artifacts"][0]
    return found


def test_a_good_manifest_is_accepted() -> None:
    decoded = decode_manifest(json.dumps(good()).encode())
    assert set(decoded.parts) == {"encoder", "mapper", "mapper_global", "decoder"}


def test_the_published_schema_is_the_code_s() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


def stored_otherwise(part_name: str, side: str, index: int = 0, **change: Any) -> Callable[[Json], None]:
    return lambda m: artifact_of(m, part_name)[side][index].update(change)


def set_in(name: str, key: str, value: Any) -> Callable[[Json], None]:
    return lambda m: artifact_of(m, name).update({key: value})


# Each edit breaks one rule; the pattern is what the message must name.
BROKEN: dict[str, tuple[Callable[[Json], Any], str]] = {
    "missing field": (lambda m: m.pop("provenance"), "provenance"),
    "missing version": (lambda m: m.pop("format_version"), "format_version"),
    "version as text": (lambda m: m.update(format_version="1"), "format_version"),
    "extra field": (lambda m: m.update(colour="red"), "colour"),
    "extra nested field": (stored_otherwise("mapper", "inputs", layout="NCHW"), "layout"),
    "unknown part": (lambda m: m["parts"].update(nose=m["parts"]["mapper"]), "nose|parts"),
    "bad checksum text": (lambda m: m["files"]["mapper.tflite"].update(sha256="1"), "sha256"),
    "path upwards": (lambda m: artifact_of(m, "mapper")["tiles"][0].update(file="../x"), "file"),
    "path upwards inside": (
        lambda m: artifact_of(m, "mapper")["tiles"][0].update(file="a/../../x"),
        "file",
    ),
    "absolute path": (lambda m: artifact_of(m, "mapper")["tiles"][0].update(file="/etc/passwd"), "file"),
    "listed path upwards": (lambda m: m["files"].update({"../x": {"sha256": SHA, "bytes": 1}}), "files"),
    "backslash path": (lambda m: m["files"].update({"a\\x": {"sha256": SHA, "bytes": 1}}), "files"),
    "no tiles": (set_in("mapper", "tiles", []), "tiles"),
    "no golden vectors": (set_in("mapper", "golden", []), "golden"),
    "network not listed": (lambda m: m["files"].pop("mapper.tflite"), "mapper.tflite is not listed"),
    "golden not listed": (
        lambda m: m["files"].pop("golden/mapper-0.bin"),
        "golden/mapper-0.bin is not listed",
    ),
    "golden of another size": (
        lambda m: m["files"]["golden/mapper-0.bin"].update(bytes=7),
        "golden/mapper-0.bin has 7 bytes",
    ),
    "golden tile out of range": (
        lambda m: artifact_of(m, "mapper")["golden"][0].update(tile=1),
        "golden tile 1",
    ),
    "golden input missing": (
        lambda m: artifact_of(m, "mapper_global")["golden"][0]["inputs"].pop(),
        "2 tensors, where the network has 3",
    ),
    "golden output too many": (
        lambda m: artifact_of(m, "mapper")["golden"][0]["outputs"].append("golden/mapper-0.bin"),
        "2 tensors, where the network has 1",
    ),
    "artifact twice": (
        lambda m: m["parts"]["mapper"]["artifacts"].append(artifact_of(m, "mapper")),
        "stated twice",
    ),
    "int8 without scale": (
        lambda m: artifact_of(m, "encoder")["inputs"][0].pop("scale"),
        "needs a scale",
    ),
    "float with scale": (stored_otherwise("encoder", "inputs", dtype="float32"), "can't have a scale"),
    "zero point outside int8": (stored_otherwise("encoder", "inputs", zero_point=200), "zero point"),
    "wrong role": (stored_otherwise("decoder", "outputs", role="photo"), "residual"),
    "two tensors of one name": (stored_otherwise("mapper_global", "inputs", 1, name="a"), "share a name"),
    "all halo": (lambda m: m["parts"]["mapper"].update(halo=3), "all halo"),
    "halo touches": (lambda m: artifact_of(m, "mapper")["tiles"][0].update(rows=4), "all halo"),
    "context without shape": (
        lambda m: artifact_of(m, "mapper_global")["inputs"][2].pop("shape"),
        "context's shape",
    ),
    "encoder's latent scale": (stored_otherwise("encoder", "outputs", scale=0.06), "stored as"),
    "mapper's latent zero point": (stored_otherwise("mapper", "inputs", zero_point=4), "mapper's latent"),
    "global mapper's latent scale": (
        stored_otherwise("mapper_global", "inputs", scale=0.06),
        "stored as",
    ),
    "context's scale": (stored_otherwise("mapper_global", "inputs", 2, scale=0.06), "context"),
    "mapper's output scale": (stored_otherwise("mapper", "outputs", scale=0.06), "stored as"),
    "global mapper's output scale": (
        stored_otherwise("mapper_global", "outputs", scale=0.06),
        "stored as",
    ),
    "decoder's latent scale": (stored_otherwise("decoder", "inputs", scale=0.06), "decoder's latent"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    edit, pattern = BROKEN[name]
    manifest = good()
    edit(manifest)
    with pytest.raises(InvalidManifest, match=pattern):
        decode_manifest(json.dumps(manifest).encode())


def test_latent_channels_must_agree() -> None:
    manifest = good()
    artifact_of(manifest, "decoder")["inputs"][0]["channels"] = 4
    manifest["files"]["golden/decoder-0.bin"]["bytes"] = 5 * 6 * 4
    with pytest.raises(InvalidManifest, match="decoder's latent"):
        decode_manifest(json.dumps(manifest).encode())


def test_other_precisions_may_store_a_latent_otherwise() -> None:
    manifest = good()
    for name in ("encoder", "mapper"):
        artifact = artifact_of(manifest, name)
        other = json.loads(json.dumps(artifact)) | {"precision": "float32"}
        for spec in other["inputs"] + other["outputs"]:
            spec.update(dtype="float32", scale=1.0, zero_point=0)
        for paths, specs in (("inputs", other["inputs"]), ("outputs", other["outputs"])):
            for i, spec in enumerate(specs):
                path = f"golden/{name}-{paths}-{i}.f32.bin"
                other["golden"][0][paths][i] = path
                manifest["files"][path] = {"sha256": SHA, "bytes": 4 * 5 * 6 * spec["channels"]}
        manifest["parts"][name]["artifacts"].append(other)
    decode_manifest(json.dumps(manifest).encode())


@pytest.mark.parametrize("version", [0, 2, 10**30])
def test_another_version_is_recognised_whatever_else_it_holds(version: int) -> None:
    with pytest.raises(UnknownBundleVersion, match=str(version)):
        decode_manifest(json.dumps({"format_version": version, "layers": ["new"]}).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"1",
        b"[" * 100_000,
        b'{"format_version": 1}',
        b'"\\ud800"',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidManifest):
        decode_manifest(raw)


def test_any_cut_of_a_manifest_is_refused() -> None:
    raw = json.dumps(good()).encode()
    for length in range(0, len(raw) - 1, 97):
        with pytest.raises(BundleError):
            decode_manifest(raw[:length])
