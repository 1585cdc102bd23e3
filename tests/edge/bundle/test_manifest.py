"""The schema and the rules that a schema can't say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.bundle.bundle import decode_manifest
from edge.bundle.manifest import json_schema
from edge.errors import BundleError, InvalidManifest, UnknownBundleVersion
from tests.golden.manifest_vectors import BROKEN, SHA, artifact_of, good

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "bundle.schema.json"


def test_a_good_manifest_is_accepted() -> None:
    decoded = decode_manifest(json.dumps(good()).encode())
    assert set(decoded.parts) == {"encoder", "mapper", "mapper_global", "decoder"}


def test_the_published_schema_is_the_code_s() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


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


@pytest.mark.parametrize("version", [0, 1, 3, 10**30])
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
        b'{"format_version": 2}',
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
