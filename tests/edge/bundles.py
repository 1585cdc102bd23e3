"""A tiny but complete bundle with real networks, for tests of everything that reads bundles.

The networks are the mobile family's, narrow and with random weights: float32 and INT8 LiteRT, float32
ONNX. Strides, halos, latents' scales and golden vectors are what a shipped bundle would have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from convert.nets.mobile import Decoder, Encoder, Mapper, ScratchDetector, ToneNet
from edge.bundle import file_entry, write_manifest, write_tensor
from edge.manifest import (
    Artifact,
    DataType,
    File,
    Format,
    Gate,
    Golden,
    Manifest,
    Part,
    PartName,
    Precision,
    Provenance,
    Role,
    Tensor,
    Tile,
    tensor_shape,
)
from edge.runtimes import load_network

WIDTH = 8
TOKENS = 256
TILES = ((16, 16), (12, 24))
EXTENSIONS: dict[Format, str] = {"litert": "tflite", "onnx": "onnx"}
INT8_RANGES: dict[Role, tuple[float, float]] = {
    "photo": (0, 1),
    "mask": (0, 1),
    "probability": (0, 255 / 256),  # LiteRT fixes a sigmoid to steps of 1/256
    # Zero points of exactly zero, so that no rounding of a tie decides.
    "latent": (-128 / 40, 127 / 40),
    "context": (-128 / 40, 127 / 40),
    "residual": (-128 / 100, 127 / 100),
}


class GlobalMapper(nn.Module):
    """The mapper with its global branch, as a network of three inputs."""

    def __init__(self, mapper: Mapper) -> None:
        super().__init__()
        self.mapper = mapper

    def forward(self, latent: torch.Tensor, mask: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.mapper(latent, mask, context)
        return out


@dataclass(frozen=True)
class Plan:
    """A part to make: its network (channels first) and tensors."""

    network: nn.Module
    inputs: list[tuple[Role, int, list[int] | None]]
    output: tuple[Role, int, list[int] | None]
    stride: int = 4
    tiles: tuple[tuple[int, int], ...] = TILES
    precisions: tuple[tuple[Format, Precision], ...] = (
        ("litert", "float32"),
        ("litert", "int8"),  # made from the float32 file, so it comes after that
        ("onnx", "float32"),
    )


@dataclass
class Writing:
    """The bundle being written."""

    folder: Path
    files: dict[str, File] = field(default_factory=dict)


def plans(width: int = WIDTH) -> dict[PartName, Plan]:
    """The parts, with weights that are the same in every run."""
    torch.manual_seed(7)
    mapper = Mapper(width, blocks=1, key_width=4)
    latent: tuple[Role, int, None] = ("latent", width, None)
    return {
        "tone": Plan(
            ToneNet(width=4),
            [("thumbnail", 3, [64, 64, 3])],
            ("curves", 9, [3, 9]),
            stride=1,
            tiles=((64, 64),),
            precisions=(("litert", "float32"), ("onnx", "float32")),
        ),
        "scratch": Plan(ScratchDetector(width, blocks=1), [("photo", 48, None)], ("probability", 16, None)),
        "encoder": Plan(Encoder(width), [("photo", 48, None)], latent),
        "mapper": Plan(mapper, [latent], latent),
        "mapper_global": Plan(
            GlobalMapper(mapper),
            [latent, ("mask", 16, None), ("context", width, [TOKENS, width])],
            latent,
        ),
        "decoder": Plan(Decoder(width), [latent], ("residual", 48, None)),
    }


def make_bundle(folder: Path, parts: dict[PartName, Plan] | None = None) -> Path:
    """Write the bundle into ``folder`` (a minute at most, so share it through the fixture)."""
    writing = Writing(folder)
    made = {name: _part(writing, name, plan) for name, plan in (parts or plans()).items()}
    manifest = Manifest(
        format_version=1,
        name="tiny",
        version="0",
        parts=made,
        files=writing.files,
        provenance=Provenance(recipe="random", data="none", licence="Apache-2.0", tools={"torch": "2"}),
        figures={"psnr_unstructured": 23.5},
    )
    write_manifest(folder, manifest)
    return folder


def _part(writing: Writing, name: PartName, plan: Plan) -> Part:
    network = plan.network.eval()
    halo = getattr(network, "halo", 0)
    if isinstance(network, GlobalMapper):
        halo = network.mapper.halo
    weights = sum(parameter.numel() for parameter in network.parameters())
    return Part(
        stride=plan.stride,
        halo=halo,
        macs_per_cell=weights,
        parameters=weights,
        artifacts=[_artifact(writing, name, plan, kind, precision) for kind, precision in plan.precisions],
    )


def _artifact(writing: Writing, name: str, plan: Plan, kind: Format, precision: Precision) -> Artifact:
    dtype: DataType = "int8" if precision == "int8" else "float32"
    inputs = [_tensor(role, f"args_{i}", c, s, dtype) for i, (role, c, s) in enumerate(plan.inputs)]
    role, channels, shape = plan.output
    outputs = [_tensor(role, "output_0", channels, shape, dtype)]
    tiles, golden = [], []
    for index, (rows, columns) in enumerate(plan.tiles):
        stem = f"{name}/{precision}-{rows}x{columns}"
        tile = Tile(rows=rows, columns=columns, file=f"{stem}.{EXTENSIONS[kind]}")
        tiles.append(tile)
        path = writing.folder / tile.file
        path.parent.mkdir(parents=True, exist_ok=True)
        module = channels_last(plan.network)
        values = [random_input(tensor, tile) for tensor in inputs]
        if kind == "onnx":
            export_onnx(module, values, path, [tensor.name for tensor in inputs])
        elif precision == "float32":
            export_litert(module, values, path)
        else:
            source = path.with_name(path.name.replace(precision, "float32"))
            quantize_litert(source, path, values, {t.name: t for t in (*inputs, *outputs)})
        writing.files[tile.file] = file_entry(path)
        # What torch says is the measure for float; the integers' is the network itself.
        if precision == "int8":
            artifact = Artifact(kind, precision, inputs, outputs, tiles, [], gate())
            stored = [quantized(value, tensor) for value, tensor in zip(values, inputs, strict=True)]
            expected = load_network(path, artifact, tile, threads=1).run(stored)
        else:
            stored = values
            with torch.no_grad():
                expected = [module(*map(torch.from_numpy, values)).numpy()]
        where = f"golden/{stem}-{kind}"
        names_in = [f"{where}-in{i}.bin" for i in range(len(inputs))]
        names_out = [f"{where}-out{i}.bin" for i in range(len(outputs))]
        for path_in, value in zip([*names_in, *names_out], [*stored, *expected], strict=True):
            writing.files[path_in] = write_tensor(writing.folder, path_in, value)
        tolerance = 1.0 if precision == "int8" else 1e-4
        golden.append(Golden(tile=index, inputs=names_in, outputs=names_out, tolerance=tolerance))
    return Artifact(
        format=kind,
        precision=precision,
        inputs=inputs,
        outputs=outputs,
        tiles=tiles,
        golden=golden,
        gate=gate(),
    )


def gate() -> Gate:
    return Gate(output_psnr=60.0, residual_psnr=None, worst_tile_psnr=50.0, tiles=1, data="noise")


def _tensor(role: Role, name: str, channels: int, shape: list[int] | None, dtype: DataType) -> Tensor:
    if dtype == "float32":
        return Tensor(role=role, name=name, channels=channels, dtype=dtype, shape=shape)
    low, high = INT8_RANGES[role]
    scale = float(np.float32((high - low) / 255))
    zero_point = round(-128 - low / scale)
    return Tensor(
        role=role,
        name=name,
        channels=channels,
        dtype=dtype,
        scale=scale,
        zero_point=zero_point,
        shape=shape,
    )


def random_input(tensor: Tensor, tile: Tile) -> np.ndarray:
    """Plausible real values: photos in 0..1, a mask of zeros and ones, latents around zero."""
    generator = np.random.default_rng(3)
    shape = tensor_shape(tensor, tile)
    if tensor.role in ("latent", "context"):
        values = generator.normal(0, 0.5, shape)
    elif tensor.role == "mask":
        values = generator.uniform(size=shape) < 0.1
    else:
        values = generator.uniform(size=shape)
    return values.astype(np.float32)


def quantized(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    return np.clip(np.rint(values / tensor.scale) + tensor.zero_point, -128, 127).astype(np.int8)


class ChannelsLast(nn.Module):
    """A network whose 4-dimensional inputs and outputs have their channels last."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.network(*(x.permute(0, 3, 1, 2) if x.dim() == 4 else x for x in inputs))
        return out.permute(0, 2, 3, 1) if out.dim() == 4 else out


def channels_last(network: nn.Module) -> nn.Module:
    return ChannelsLast(network).eval()


def export_litert(module: nn.Module, values: list[np.ndarray], path: Path) -> None:
    """Convert; the signature's names are ``args_0``..., ``output_0``..."""
    import litert_torch

    litert_torch.convert(module, tuple(map(torch.from_numpy, values))).export(str(path))


def export_onnx(module: nn.Module, values: list[np.ndarray], path: Path, names: list[str]) -> None:
    torch.onnx.export(
        module,
        tuple(map(torch.from_numpy, values)),
        str(path),
        dynamo=True,
        opset_version=18,
        external_data=False,
        input_names=names,
        output_names=["output_0"],
        verbose=False,
    )


def quantize_litert(
    source: Path, target: Path, values: list[np.ndarray], tensors: dict[str, Tensor]
) -> None:
    """Static INT8, with the ranges of ``tensors`` at the network's ends."""
    from ai_edge_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(str(source))
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    sample = {f"args_{i}": value for i, value in enumerate(values)}
    calibrated = tool.calibrate({"serving_default": [sample]})
    for end, tensor in tensors.items():
        suffix = "_output" if end.startswith("output") else ""
        entry: dict[str, Any] = calibrated[f"serving_default_{end}{suffix}"]
        low, high = INT8_RANGES[tensor.role]
        entry["min"] = np.full_like(entry["min"], low)
        entry["max"] = np.full_like(entry["max"], high)
    tool.quantize(calibrated).export_model(str(target))
