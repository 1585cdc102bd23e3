"""Manifests, good and bad, and bundles whose files are not what they should be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec

from edge.bundle.bundle import decode_manifest
from edge.errors import InvalidManifest, UnknownBundleVersion
from tests.golden.written import Vectors

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
        "step": 1,
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
                        "rows": 5,
                        "columns": 6,
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
        "format_version": 2,
        "name": "tiny",
        "version": "0",
        "parts": copy,
        "files": files,
        "provenance": {"recipe": "none", "data": "none", "licence": "none", "tools": {}},
    }


def artifact_of(manifest: Json, name: str) -> Json:
    found: Json = manifest["parts"][name]["artifacts"][0]
    return found


def stored_otherwise(part_name: str, side: str, index: int = 0, **change: Any) -> Callable[[Json], None]:
    return lambda m: artifact_of(m, part_name)[side][index].update(change)


def set_in(name: str, key: str, value: Any) -> Callable[[Json], None]:
    return lambda m: artifact_of(m, name).update({key: value})


# Each edit breaks one rule; the pattern is what the message must name.
BROKEN: dict[str, tuple[Callable[[Json], Any], str]] = {
    "missing field": (lambda m: m.pop("provenance"), "provenance"),
    "missing version": (lambda m: m.pop("format_version"), "format_version"),
    "version as text": (lambda m: m.update(format_version="2"), "format_version"),
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
    "resizes in words": (set_in("mapper", "resizes", "yes"), "resizes"),
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
    "golden vectors of no cells": (
        lambda m: artifact_of(m, "mapper")["golden"][0].update(rows=0),
        "golden",
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
    "decoder of the photo alone": (stored_otherwise("decoder", "inputs", role="photo"), "latent"),
    "two tensors of one name": (stored_otherwise("mapper_global", "inputs", 1, name="a"), "share a name"),
    "all halo": (lambda m: m["parts"]["mapper"].update(halo=3), "all halo"),
    "halo touches": (lambda m: artifact_of(m, "mapper")["tiles"][0].update(rows=4), "all halo"),
    "halo between steps": (lambda m: m["parts"]["mapper"].update(halo=1, step=2), "multiple of the step"),
    "golden vectors between steps": (
        lambda m: (
            m["parts"]["mapper"].update(step=2),
            artifact_of(m, "mapper")["tiles"][0].update(rows=6),
        ),
        "golden vectors of 5x6 cells",
    ),
    "tile between steps": (lambda m: m["parts"]["mapper"].update(step=2), "multiple of the step"),
    "damage begins above its surest pixel": (
        lambda m: m.update(detection={"low": 200, "high": 100}),
        "low is above high",
    ),
    "damage level out of range": (lambda m: m.update(detection={"high": 256}), "detection.high"),
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


def vectors() -> Vectors:
    """`manifests.json`."""
    return {
        "good": [_good("of the restore path", good()), _good("with figures and thresholds", _full())],
        "bad": [{"name": name, "text": text, "error": _error(text)} for name, text in _bad().items()],
    }


def _full() -> Json:
    manifest = good()
    figures = {"psnr": 23.5, "whole": 3}
    manifest.update(working_side=640, finder_threshold=0.75, figures=figures)
    manifest["detection"] = {"largest_side": 2000, "high": 200, "low": 90, "grow": 0}
    artifact_of(manifest, "mapper")["resizes"] = True
    artifact_of(manifest, "mapper")["tiles"][0]["function"] = "tile_5x6"
    decoder = artifact_of(manifest, "decoder")
    decoder["inputs"].insert(0, tensor("photo", "p", 48))
    decoder["golden"][0]["inputs"].insert(0, "golden/decoder-photo.bin")
    manifest["files"]["golden/decoder-photo.bin"] = {"sha256": SHA, "bytes": 5 * 6 * 48}
    manifest["parts"]["tone"] = json.loads(json.dumps(manifest["parts"]["mapper"]))
    tone = manifest["parts"]["tone"] | {"stride": 1, "halo": 0}
    artifact = tone["artifacts"][0] | {"precision": "float32"}
    artifact["inputs"] = [tensor("thumbnail", "t", 3, "float32", shape=[4, 4, 3])]
    artifact["outputs"] = [tensor("curves", "k", 9, "float32", shape=[3, 9])]
    artifact["golden"][0].update(inputs=["golden/tone-0.bin"], outputs=["golden/tone-1.bin"])
    for path, values in (("golden/tone-0.bin", 4 * 4 * 3), ("golden/tone-1.bin", 3 * 9)):
        manifest["files"][path] = {"sha256": SHA, "bytes": 4 * values}
    manifest["parts"]["tone"] = tone | {"artifacts": [artifact]}
    return manifest


def _good(name: str, manifest: Json) -> Vectors:
    text = json.dumps(manifest, separators=(",", ":"))
    decoded = decode_manifest(text.encode())
    facts = {
        "parts": sorted(decoded.parts),
        "version": decoded.version,
        "artifacts": sum(len(part.artifacts) for part in decoded.parts.values()),
        "working_side": decoded.working_side,
        "detection": msgspec.to_builtins(decoded.detection),
        "finder_threshold": decoded.finder_threshold,
    }
    return {"name": name, "text": text, "facts": facts}


def _bad() -> dict[str, str]:
    texts = {}
    for name, (edit, _) in BROKEN.items():
        manifest = good()
        edit(manifest)
        texts[name] = json.dumps(manifest, separators=(",", ":"))
    for version in (0, 1, 3, 10**30):
        texts[f"version {version}"] = json.dumps({"format_version": version, "layers": ["new"]})
    whole = json.dumps(good(), separators=(",", ":"))
    texts |= {"nothing": "", "a brace": "{", "a list": "[]", "null": "null", "a number": "1"}
    texts |= {"only a version": '{"format_version":2}', "cut short": whole[: len(whole) // 2]}
    texts["more behind it"] = whole + "x"
    return texts


def _error(text: str) -> str:
    try:
        decode_manifest(text.encode())
    except (InvalidManifest, UnknownBundleVersion) as error:
        return type(error).__name__
    raise AssertionError("a bad manifest was accepted")


def files() -> Vectors:
    """`files.json`: bundles of small files; each is laid out in a folder and opened."""
    manifest = good()
    contents = {path: path * 3 for path in manifest["files"]}
    for path, entry in manifest["files"].items():
        # Golden files must have their tensors' sizes.
        if path.endswith(".bin"):
            contents[path] = ("x" * entry["bytes"])[: entry["bytes"]]
        digest = hashlib.sha256(contents[path].encode()).hexdigest()
        entry.update(sha256=digest, bytes=len(contents[path]))
    whole = json.dumps(manifest, separators=(",", ":"))
    network = "mapper.tflite"
    changed = contents | {network: contents[network].replace("m", "n", 1)}
    longer = contents | {network: contents[network] + "x"}
    missing = {path: text for path, text in contents.items() if path != network}
    cases = [
        ("as listed", contents, whole, None),
        ("one letter changed", changed, whole, "ChecksumMismatch"),
        ("one letter more", longer, whole, "ChecksumMismatch"),
        ("a file missing", missing, whole, "MissingBundleFile"),
        ("no manifest", contents, None, "InvalidManifest"),
        ("a later version", {}, '{"format_version":3}', "UnknownBundleVersion"),
    ]
    return {
        "cases": [
            {"name": name, "files": laid, "manifest_text": text, "error": error}
            for name, laid, text, error in cases
        ]
    }
