"""The fake-quantized twin computes what the converter's INT8 file computes, and learns its ranges."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn

from convert.errors import WeightsError
from convert.formats import litert, litert_file
from convert.int8.ranges import load_ranges, part_ranges, save_ranges
from convert.int8.twin import Stored
from convert.mobile.nets import FaceFinder, FaceRefiner, MobileRestorer, ToneNet
from convert.mobile.nets.blocks import MIDDLE, to_cells
from convert.mobile.nets.restorer import pool_context
from convert.mobile.parts import MobileNetworks, PartSource, mobile_parts
from convert.mobile.samples import PartSamples
from convert.recipes.int8 import Int8Recipe, Rule, load_recipe
from edge.bundle.manifest import PartName
from quantize.int8.fake_quant import FakeQuantized, RoundedPart
from tests.edge.bundles import detector as tiny_detector
from tests.edge.bundles import refiner

ALL_INT8 = Int8Recipe(1, ())


def restorer() -> MobileRestorer:
    torch.manual_seed(0)
    network = MobileRestorer(16, blocks=2, key_width=4)
    with torch.no_grad():
        network.decoder.leave.weight.mul_(20)
        nn.init.normal_(network.decoder.shrinkage.back.weight, std=0.05)
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(-0.1, 0.1)
    return network.eval()


def photos(count: int = 4) -> torch.Tensor:
    rng = torch.Generator().manual_seed(3)
    coarse = torch.rand((count, 3, 5, 5), generator=rng)
    smooth = nn.functional.interpolate(coarse, (64, 64), mode="bicubic", align_corners=True)
    return (smooth + 0.1 * torch.randn(smooth.shape, generator=rng)).clamp(0, 1).mul(255).round() / 255


def masks(count: int = 4) -> torch.Tensor:
    mask = torch.zeros((count, 1, 64, 64))
    mask[..., 20:24, 8:50] = 1
    return mask


def watched(recipe: Int8Recipe) -> FakeQuantized:
    network = FakeQuantized(restorer(), recipe).eval()
    network.watch([(photos(),), (photos(), masks())])
    return network


PARTS = ("encoder", "mapper", "mapper_global", "decoder")


def converted(network: MobileRestorer, name: str, folder: Path) -> tuple[PartSource, Path]:
    """A part's source and its float32 file."""
    faces = FaceFinder(8, blocks=1), refiner((8, 8))
    networks = MobileNetworks(network, tiny_detector(), ToneNet(4), *faces)
    (source,) = (s for s in mobile_parts(networks, ((16, 16),)) if s.name == name)
    path = folder / f"{name}.tflite"
    litert.convert_float(source.network, {"tile": [end.example(16, 16) for end in source.inputs]}, path)
    return source, path


@pytest.mark.parametrize(
    "recipe", [pytest.param(ALL_INT8, marks=pytest.mark.slow), load_recipe()], ids=["int8", "shipped"]
)
@pytest.mark.parametrize("name", PARTS)
def test_the_twin_gives_what_the_file_with_its_ranges_gives(
    recipe: Int8Recipe, name: str, tmp_path: Path
) -> None:
    """From the same stored inputs, through the file of ranges."""
    twin = watched(recipe)
    with torch.no_grad():
        for index, stored in enumerate(twin.all_stored()):
            if not stored.fixed:  # as if learnt: calibration would not find these
                stored.stretch.copy_(torch.tensor((0.02, -0.03)) * (index % 3))
    save_ranges(twin.ranges(), tmp_path / "ranges.json")
    learnt = load_ranges(tmp_path / "ranges.json")

    source, exact = converted(twin.restorer, name, tmp_path)
    inputs = part_inputs(twin.restorer, name)
    arrays = [[np.ascontiguousarray(_last(x).numpy()) for x in sample] for sample in inputs]
    samples = {source.name: PartSamples(arrays)}
    ranges = part_ranges([source], {source.name: exact}, samples, learnt)[source.name]
    rounded = tmp_path / "int8.tflite"
    litert.convert_int8(exact, ranges, name, recipe, rounded)

    ends = litert.stored_ends(rounded)
    scale, zero = ends["output_0"]
    runner = Interpreter(str(rounded)).get_signature_runner()
    for sample, values in zip(inputs, arrays, strict=True):
        levels = {
            f"args_{i}": np.clip(np.round(v / ends[f"args_{i}"][0]) + ends[f"args_{i}"][1], -128, 127)
            for i, v in enumerate(values)
        }
        made = runner(**{key: value.astype(np.int8) for key, value in levels.items()})["output_0"]
        got = (made.astype(np.float32) - zero) * scale
        with torch.no_grad():
            wanted = _last(twin.parts()[source.name](*sample)).numpy()
        apart = np.abs(got - wanted) / scale
        assert apart.max() < 2.5 and (apart > 0.5).mean() < 0.02, (apart.max(), (apart > 0.5).mean())


@pytest.mark.parametrize("name", ["finder", "face"])
def test_the_twin_of_a_face_network_gives_what_the_file_gives(name: PartName, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = FaceFinder(8, blocks=1) if name == "finder" else refiner((8, 16))
    rng = torch.Generator().manual_seed(2)
    side, channels = (16, 192) if name == "finder" else (64, 96)
    levels = torch.randint(0, 256, (2, channels, side, side), generator=rng)
    part = RoundedPart(network, name, load_recipe()).eval()
    part.watch([(levels / 255 - MIDDLE,)])
    others = dict.fromkeys(("encoded", "mapped", "residual"), (-1.0, 1.0))
    save_ranges(part.ranges() | others, tmp_path / "r")

    both = {"finder": FaceFinder(8, blocks=1), "face": refiner((8, 8)), name: network}
    networks = MobileNetworks(restorer(), tiny_detector(), ToneNet(4), **both)
    (source,) = (s for s in mobile_parts(networks, ((32, 32),)) if s.name == name)
    exact, rounded = tmp_path / "float32.tflite", tmp_path / "int8.tflite"
    litert.convert_float(source.network, {"tile": [source.inputs[0].example(side, side)]}, exact)
    photo = np.ascontiguousarray((levels[:1] / 255).permute(0, 2, 3, 1).numpy())
    learnt, seen = load_ranges(tmp_path / "r"), {source.name: PartSamples([[photo]])}
    ranges = part_ranges([source], {source.name: exact}, seen, learnt)[source.name]
    litert.convert_int8(exact, ranges, name, load_recipe(), rounded)
    scale, zero = litert.stored_ends(rounded)["output_0"]
    stored = (levels - 128).to(torch.int8).permute(0, 2, 3, 1).numpy()[:1]
    made = Interpreter(str(rounded)).get_signature_runner()(args_0=np.ascontiguousarray(stored))["output_0"]
    with torch.no_grad():
        wanted = _last(part(levels[:1] / 255 - MIDDLE)).numpy()
    apart = np.abs((made.astype(np.float32) - zero) * scale - wanted) / scale
    # LiteRT enlarges INT8 maps in whole numbers.
    share = 0.25 if name == "face" else 0.05
    assert apart.max() < 2.5 and (apart > 0.5).mean() < share, (apart.max(), (apart > 0.5).mean())


@torch.no_grad()
def part_inputs(network: MobileRestorer, name: str) -> list[tuple[torch.Tensor, ...]]:
    cells, damage = to_cells(photos()), to_cells(masks())
    latents = network.encoder(cells)
    whole = {
        "encoder": (cells,),
        "mapper": (latents,),
        "mapper_global": (latents, damage, pool_context(latents, damage, 16)),
        "decoder": (network.mapper(latents), cells),
    }[name]
    return list(zip(*(torch.split(x, 1) for x in whole), strict=True))


def _last(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


@pytest.mark.parametrize("name", PARTS)
def test_the_twin_and_the_file_name_the_same_operations(name: str, tmp_path: Path) -> None:
    """Else a rule would leave an operation in float in training and not in the bundle."""
    twin = watched(ALL_INT8)
    _, exact = converted(twin.restorer, name, tmp_path)
    trained = [(o.scope, o.operation) for o in twin.layers() if o.scope.split("/")[0] == name]
    shipped = [
        (o.scope, o.name)
        for o in litert_file.scopes(exact, name)
        if o.name in litert.LEARNT_OPERATIONS and not o.ends
    ]
    assert sorted(trained) == sorted(shipped) and len(set(trained)) == len(trained)


@pytest.mark.parametrize(("name", "network"), [("finder", FaceFinder), ("face", FaceRefiner)])
def test_the_ranges_that_ship_name_what_the_networks_do(name: PartName, network: type[nn.Module]) -> None:
    part = RoundedPart(network(), name, load_recipe()).eval()
    cells = torch.rand((1, 192, 16, 16) if name == "finder" else (1, 96, 64, 64))
    part.watch([(cells - MIDDLE,)])
    shipped = load_ranges(Path(__file__).parents[3] / "weights" / "ranges.json")
    named = {place for place in part.ranges() if ":" in place}
    assert named == {place for place in shipped if re.split("[:/]", place)[0] == name}


def test_ranges_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    ranges = watched(ALL_INT8).ranges()
    for wrong in ({"mapped": (-1.0, 1.0)}, ranges | {"mapped": (0.5, 1.0)}):
        save_ranges(wrong, path)
        with pytest.raises(WeightsError, match="finetune"):
            load_ranges(path)
    path.write_text("no json")
    with pytest.raises(WeightsError):
        load_ranges(path)
    _, exact = converted(restorer(), "decoder", tmp_path)
    fewer = {name: limits for name, limits in ranges.items() if name != "decoder/block:add"}
    for wrong in (fewer, ranges | {"decoder/other:conv": (-1.0, 1.0)}):
        with pytest.raises(WeightsError, match="decoder"):
            litert.set_ranges(exact, "decoder", {}, wrong)


def test_the_twin_learns_the_restorers_own_weights_and_ranges() -> None:
    network = watched(load_recipe())
    parameters = {id(p) for p in network.parameters()}
    assert {id(p) for p in network.restorer.parameters()} <= parameters
    pictures, mask = photos(), masks()
    exact = network.restorer(pictures, mask).detach()
    optimizer = torch.optim.Adam([stored.stretch for stored in network.all_stored()], 0.01)

    def distance() -> torch.Tensor:
        return (network(pictures, mask) - exact).square().mean()

    before = float(distance())
    for _ in range(20):
        optimizer.zero_grad()
        distance().backward()
        optimizer.step()
    assert 0 < float(distance()) < before
    weights = network.restorer.decoder.parameters()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in weights)
    moved = [stored for stored in network.all_stored() if stored.stretch.abs().max() > 0]
    assert len(moved) > 5 and not any(stored.fixed for stored in moved)


def test_rounding_is_off_where_the_recipe_says_float() -> None:
    everything = Int8Recipe(1, (Rule(".*", ".*", "float", "test"),))
    pictures, mask = photos(), masks()
    errors = []
    for recipe in (ALL_INT8, load_recipe(), everything):
        network = watched(recipe)
        with torch.no_grad():
            errors.append(float((network(pictures, mask) - network.restorer(pictures, mask)).abs().mean()))
    assert errors[0] > errors[2] > 0  # what parts exchange stays INT8
    assert errors[1] != errors[0]


def test_a_stored_tensor_has_256_levels_and_passes_gradients() -> None:
    stored = Stored()
    stored.watched = []
    x = torch.linspace(-1, 3, 4001)
    stored(x)
    stored.settle()
    y = x.clone().requires_grad_()
    out = stored(y)
    assert 200 < len(out.unique()) <= 256 and (out == 0).any()
    out.sum().backward()
    low, high = stored.limits
    inside = (x > low + 0.02) & (x < high - 0.02)
    assert (y.grad[inside] == 1).all() and (y.grad[x > high + 0.02] == 0).all()  # type: ignore[index]
    assert stored.stretch.grad is not None and stored.stretch.grad.abs().max() > 0
