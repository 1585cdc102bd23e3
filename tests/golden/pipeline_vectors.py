"""Whole photos through the whole pipeline, with the toy networks."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.bundle import Bundle, decode_manifest
from edge.bundle.manifest import Artifact, Detection, Gate, Golden, Manifest, Part, Provenance, Tensor, Tile
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles import parts
from edge.runtimes import RUNTIMES, Runtime
from tests.golden.toy import FINDER_OUTPUT, finder_points
from tests.golden.written import Vectors, flat, float32, int8, noise, picture

TOKENS = 16
PHOTO, LATENT, MAPPED = ("photo", 48, 1 / 255, -128), (8, 0.014, -38), (8, 0.023, -40)


def manifest() -> Manifest:
    """A bundle of toy networks, whose files do not exist."""
    photo, pair = int8(*PHOTO, name="in"), int8("face_pair", 96, 1 / 255, -128, name="in")
    # The decoder's comes first, so that nobody counts on the order of inputs.
    seen = int8(*PHOTO, name="seen")
    small = int8("photo", 192, 1 / 255, -128, name="in")
    latent_in, latent_out = int8("latent", *LATENT, name="in"), int8("latent", *LATENT, name="out")
    mapped_in, mapped_out = int8("latent", *MAPPED, name="in"), int8("latent", *MAPPED, name="out")
    mask, context = int8("mask", 16, 1 / 255, -128), int8("context", *LATENT, shape=[TOKENS, 8])
    residual = int8("residual", 48, 0.0065, 13, name="out")
    probability = int8("probability", 16, 1 / 256, -128, name="out")
    tiles = [(9, 9), (12, 16)]
    return Manifest(
        format_version=2,
        name="toys",
        version="1",
        parts={
            "scratch": _part("scratch", 4, 2, [photo], [probability], [(10, 12), (16, 14)], step=2),
            "tone": _part(
                "tone",
                1,
                0,
                [float32("thumbnail", 3, shape=[8, 8, 3])],
                [float32("curves", 9, shape=[3, 9])],
                [(8, 8)],
            ),
            "finder": _part("finder", 8, 1, [small], [FINDER_OUTPUT], [(10, 10), (18, 18)]),
            "encoder": _part("encoder", 4, 1, [photo], [latent_out], tiles),
            "mapper": _part("mapper", 4, 1, [latent_in], [mapped_out], [(12, 12)]),
            "mapper_global": _part("mapper_global", 4, 1, [latent_in, mask, context], [mapped_out], tiles),
            "decoder": _part("decoder", 4, 1, [seen, mapped_in], [residual], [(10, 7), (16, 16)]),
            "face": _part("face", 4, 0, [pair], [residual], [(64, 64)]),
        },
        files={},
        provenance=Provenance(recipe="none", data="none", licence="none", tools={}),
        working_side=64,
        detection=Detection(largest_side=64, smallest_side=16, thick=8, face_thick=8),
        finder_threshold=0.5,
    )


def _part(
    name: str,
    stride: int,
    halo: int,
    inputs: list[Tensor],
    outputs: list[Tensor],
    sizes: list[tuple[int, int]],
    step: int = 1,
) -> Part:
    gate = Gate(output_psnr=0, residual_psnr=None, worst_tile_psnr=0, tiles=1, data="none")
    paths = [f"golden/{name}-{index}.bin" for index in range(len(inputs) + len(outputs))]
    rows, columns = sizes[0]
    golden = Golden(
        rows=rows, columns=columns, inputs=paths[: len(inputs)], outputs=paths[len(inputs) :], tolerance=0
    )
    artifact = Artifact(
        format="litert",
        precision="float32" if name == "tone" else "int8",
        inputs=inputs,
        outputs=outputs,
        tiles=[Tile(rows=rows, columns=columns, file=f"{name}.toy") for rows, columns in sizes],
        golden=[golden],
        gate=gate,
    )
    return Part(stride=stride, halo=halo, step=step, macs_per_cell=7, parameters=1, artifacts=[artifact])


def complete_text() -> str:
    """The manifest's text, with entries for its files, so that it is a valid one."""
    plain = msgspec.to_builtins(manifest())
    for part in plain["parts"].values():
        (artifact,) = part["artifacts"]
        tile = artifact["tiles"][0]
        plain["files"][tile["file"]] = {"sha256": "0" * 64, "bytes": 1}
        (golden,) = artifact["golden"]
        tensors = artifact["inputs"] + artifact["outputs"]
        for path, tensor in zip(golden["inputs"] + golden["outputs"], tensors, strict=True):
            shape = tensor["shape"] or [tile["rows"], tile["columns"], tensor["channels"]]
            size = int(np.prod(shape)) * (4 if tensor["dtype"] == "float32" else 1)
            plain["files"][path] = {"sha256": "0" * 64, "bytes": size}
        for tensor in tensors:
            if tensor["shape"] is None:
                del tensor["shape"]
    text = json.dumps(plain, separators=(",", ":"))
    decode_manifest(text.encode())
    return text


def vectors() -> Vectors:
    """`pipeline.json`."""
    colour, gray = _photo(1, (37, 50, 3)), _photo(2, (40, 33))
    deep = _photo(3, (30, 44, 3)).astype(np.uint16) * 257 + 5
    tinted = np.repeat(_photo(4, (33, 38))[..., None], 3, axis=2)
    sepia = (_photo(9, (41, 36))[..., None] * (1.0, 0.9, 0.72)).astype(np.uint8)
    large = _photo(10, (70, 150, 3))
    group = _photo(5, (96, 112, 3), bright=(48, 56))
    lying = np.ascontiguousarray(np.rot90(_photo(5, (96, 112, 3), bright=(48, 56), fall=0.2)))
    mounted = np.full((64, 90, 3), (236, 228, 205), np.uint8)
    mounted[11:48, 16:66] = colour
    painted = np.random.default_rng(6).random(colour.shape[:2]) < 0.1
    return {
        "manifest_text": complete_text(),
        "finder_points": finder_points(),
        "cases": [
            _case(colour),
            _case(colour, strength=0.5, scratches="off"),
            _case(colour, painted=painted),
            _case(colour, painted=painted, strength=0.5, fill_only=True),
            _case(noise(11, (9, 14, 3)), painted=painted[:9, :14], strength=0),
            _case(gray),
            _case(gray, keep_gray=False),
            _case(deep),
            _case(tinted),
            _case(sepia),
            _case(large, fill_only=True),
            _case(noise(7, (1, 1, 3))),
            _case(noise(8, (3, 70, 3))),
            _case(group, strength=0.3, faces="auto"),
            _case(group, faces=[[20, 12, 60, 70]], face_strength=0.5),
            _case(lying, strength=0.3, faces="auto"),
            _case(np.ascontiguousarray(lying[::-1, ::-1]), strength=0.3, faces="auto"),
            _case(mounted),
            _case(mounted, painted=noise(12, (64, 90), top=9) == 0, faces=[[30, 16, 24, 28]]),
        ],
    }


def _photo(
    seed: int, shape: tuple[int, ...], bright: tuple[int, int] | None = None, fall: float = 0
) -> NDArray[Any]:
    """Smooth, dark to light, with grain, a light corner and perhaps a light disc, whose rows ``fall``."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    plane = 90 + 60 * np.sin(x / 9 + seed) * np.cos(y / 7)
    plane[: shape[0] // 4, : shape[1] // 3] = 245
    if bright is not None:
        plane = 0.5 * plane
        disc = np.hypot(y - bright[0], x - bright[1]) < 22
        plane[disc] = (250 - fall * (y - bright[0] + 22))[disc]
    colours = plane if len(shape) == 2 else plane[..., None] * (1, 0.98, 0.97)
    return np.clip(colours + noise(seed, shape, top=12) - 6, 0, 255).astype(np.uint8)


def _case(
    pixels: NDArray[Any],
    strength: float = 1.0,
    scratches: str = "auto",
    painted: NDArray[np.bool_] | None = None,
    keep_gray: bool = True,
    faces: str | list[list[float]] = "off",
    face_strength: float = 1.0,
    fill_only: bool = False,
) -> Vectors:
    bundle = Bundle(Path("toys"), manifest(), "")
    toys = {"toy": Runtime("litert", "tests.golden.toy", "nothing")}
    untried = mock.patch.object(parts, "require_tried")  # a toy has no folder
    with mock.patch.dict(RUNTIMES, toys), untried, tempfile.TemporaryDirectory() as folder:
        mask = Path(folder) / "mask.png"
        if painted is not None:
            Image.fromarray((painted * 255).astype(np.uint8)).save(mask)
        options = Options(
            strength=strength,
            scratches=scratches if painted is None else mask,  # type: ignore[arg-type]
            fill_only=fill_only,
            keep_gray=keep_gray,
            faces=faces if isinstance(faces, str) else tuple(tuple(box) for box in faces),  # type: ignore[arg-type]
            face_strength=face_strength,
        )
        photo = Photo(pixels.copy(), None, Metadata("PNG"))
        restored = Restorer(bundle, runtime="toy").restore(photo, options)
    return {
        "picture": picture(pixels),
        "strength": strength,
        "scratches": scratches,
        "painted": None if painted is None else flat(painted),
        "keep_gray": keep_gray,
        "faces": faces,
        "face_strength": face_strength,
        "fill_only": fill_only,
        "result": picture(restored.photo.pixels),
        "done": list(restored.done),
        "faces_found": len(restored.faces),
    }
