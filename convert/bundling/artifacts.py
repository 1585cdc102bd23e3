"""Writes the files of a part in one format and precision, and their manifest entry without the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch

from convert.formats import litert
from convert.formats.coreml import convert_coreml
from convert.formats.labels import Label
from convert.formats.litert_file import check_operations
from convert.formats.litert_shapes import free_sizes
from convert.formats.onnx import Float16, convert_onnx
from convert.int8.qdq import end_ranges, quantized, scale_and_zero_point
from convert.mobile.parts import PartSource, TensorSpec
from convert.recipes.int8 import Int8Recipe
from edge.bundle.bundle import LARGE
from edge.bundle.manifest import (
    Artifact,
    DataType,
    Format,
    Gate,
    PartName,
    Precision,
    PublishedName,
    Tensor,
    Tile,
)
from edge.files import copy_beside

PRECISIONS: dict[Format, tuple[Precision, ...]] = {
    "litert": ("float32", "float16", "int8", "mixed", "dynamic"),
    "coreml": ("float32", "float16", "int8", "mixed", "palettized"),
    "onnx": ("float32", "float16", "int8", "mixed"),
}
"""Precisions of the mobile networks, by format."""

PUBLISHED_PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8_weights")
"""Precisions of the published networks, in every format."""

ONNX_TILES = 2
"""Most tile sizes of a part, one for a large part: each is a file with all the weights."""

UNPROVEN = Gate(output_psnr=0, residual_psnr=None, worst_tile_psnr=0, tiles=1, data="")


@dataclass(frozen=True)
class Ingredients:
    """Everything besides the networks that artifacts are made from.

    ``exact`` are float32 LiteRT files; ``tensors`` the ranges of their tensors; ``named`` the same ranges
    under the names of the learnt ones; ``recipes`` those of "int8" and "mixed".
    """

    exact: Mapping[PartName, Path]
    tensors: Mapping[PartName, dict[str, Any]]
    named: Mapping[PartName, Mapping[str, litert.Range]]
    recipes: Mapping[Precision, Int8Recipe]
    label: Label


def function_name(tile: tuple[int, int]) -> str:
    """Name of the function for a tile of so many rows and columns of cells."""
    return f"tile_{tile[0]}x{tile[1]}"


def examples(source: PartSource) -> dict[str, list[torch.Tensor]]:
    """Inputs of the right shapes for each tile size, by function."""
    return {function_name(tile): [end.example(*tile) for end in source.inputs] for tile in source.tiles}


def write_artifact(
    source: PartSource, kind: Format, precision: Precision, made_of: Ingredients, folder: Path
) -> Artifact:
    """Write the files of an artifact into ``folder``; the result has neither gate nor golden vectors yet.

    Raises OperationRefused or WeightsError.
    """
    (folder / source.name).mkdir(exist_ok=True)
    write = {"litert": _write_litert, "coreml": _write_coreml, "onnx": _write_onnx}[kind]
    return write(source, precision, made_of, folder)


def _write_litert(source: PartSource, precision: Precision, made_of: Ingredients, folder: Path) -> Artifact:
    exact, file = made_of.exact[source.name], f"{source.name}/{precision}.tflite"
    path = folder / file
    if precision == "float32":
        copy_beside(exact, path)
    elif precision == "float16":
        litert.convert_float16(exact, path)
    elif precision == "dynamic":
        litert.convert_dynamic(exact, path)
    elif precision == "int8_weights":
        litert.convert_int8_weights(exact, path)
    else:
        tensors, recipe = made_of.tensors[source.name], made_of.recipes[precision]
        litert.convert_int8(exact, tensors, source.name, recipe, path)
    free_sizes(path)
    check_operations(path, tiled=source.halo > 0, published=source.name in get_args(PublishedName))
    tiles = [
        Tile(rows=tile[0], columns=tile[1], file=file, function=function_name(tile))
        for tile in source.tiles
    ]
    stored = litert.stored_ends(path) if precision in made_of.recipes else {}
    return _draft("litert", precision, source, tiles, stored)


def _write_onnx(source: PartSource, precision: Precision, made_of: Ingredients, folder: Path) -> Artifact:
    stored: dict[str, tuple[float, int]] = {}
    network = source.network
    if precision == "float16":
        network = Float16(source.network)
    elif precision in made_of.recipes:
        named, recipe = made_of.named[source.name], made_of.recipes[precision]
        network = quantized(source, named, recipe, stored_ends=True, signed=True)
        limits = end_ranges(source, named, signed=True)
        names = [*(f"args_{index}" for index in range(len(source.inputs))), "output_0"]
        stored = {name: scale_and_zero_point(each) for name, each in zip(names, limits, strict=True)}
    tiles = []
    most = 1 if source.name in LARGE else ONNX_TILES
    for size, inputs in list(zip(source.tiles, examples(source).values(), strict=True))[:most]:
        file = f"{source.name}/{precision}-{size[0]}x{size[1]}.onnx"
        if stored:
            inputs = [value.to(torch.int8) for value in inputs]
        whole = precision == "int8_weights"
        convert_onnx(source, network, inputs, made_of.label, folder / file, int8_weights=whole)
        tiles.append(Tile(rows=size[0], columns=size[1], file=file))
    return _draft("onnx", precision, source, tiles, stored)


def _write_coreml(source: PartSource, precision: Precision, made_of: Ingredients, folder: Path) -> Artifact:
    network = source.network
    if precision in made_of.recipes:
        named, recipe = made_of.named[source.name], made_of.recipes[precision]
        network = quantized(source, named, recipe, stored_ends=False)
    file = f"{source.name}/{precision}.mlpackage"
    convert_coreml(source, network, precision, examples(source), made_of.label, folder / file)
    several = len(source.tiles) > 1
    tiles = [
        Tile(rows=tile[0], columns=tile[1], file=file, function=function_name(tile) if several else None)
        for tile in source.tiles
    ]
    return _draft("coreml", precision, source, tiles, {})


def _draft(
    kind: Format,
    precision: Precision,
    source: PartSource,
    tiles: list[Tile],
    stored: Mapping[str, tuple[float, int]],
) -> Artifact:
    """An artifact without gate and golden vectors. ``stored`` has scale and zero point of INT8 ends by
    name; if it is empty, the ends are float32."""

    def tensor(name: str, end: TensorSpec) -> Tensor:
        shape = list(end.shape) if end.shape else None
        dtype: DataType = "int8" if stored else "float32"
        scale, zero_point = stored.get(name, (1.0, 0))
        return Tensor(
            role=end.role,
            name=name,
            channels=end.channels,
            dtype=dtype,
            scale=scale,
            zero_point=zero_point,
            shape=shape,
        )

    return Artifact(
        format=kind,
        precision=precision,
        inputs=[tensor(f"args_{index}", end) for index, end in enumerate(source.inputs)],
        outputs=[tensor("output_0", source.output)],
        tiles=tiles,
        golden=[],
        gate=UNPROVEN,
    )
