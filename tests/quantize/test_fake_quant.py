"""The fake-quantized twin computes what the converter's INT8 file computes, and learns its ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from torch import nn

from convert import litert
from convert.int8_recipe import Int8Recipe, Rule, load_recipe
from convert.nets.mobile import MobileRestorer, ScratchDetector, ToneNet
from convert.nets.mobile.blocks import to_cells
from convert.parts import MobileNetworks, mobile_parts
from quantize.fake_quant import FakeQuantized, Stored

ALL_INT8 = Int8Recipe(1, ())


def restorer() -> MobileRestorer:
    torch.manual_seed(0)
    network = MobileRestorer(16, blocks=2, key_width=4)
    with torch.no_grad():
        network.decoder.leave.weight.mul_(20)
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


@pytest.mark.parametrize("recipe", [ALL_INT8, load_recipe()], ids=["int8", "shipped"])
@pytest.mark.parametrize("name", ["mapper", "decoder"])
def test_the_twin_gives_what_the_file_gives(recipe: Int8Recipe, name: str, tmp_path: Path) -> None:
    network = restorer()
    networks = MobileNetworks(network, ScratchDetector(8, blocks=1), ToneNet(4))
    (source,) = (s for s in mobile_parts(networks, ((16, 16),)) if s.name == name)
    with torch.no_grad():
        latent = network.encoder(to_cells(photos()))
        inputs = latent if name == "mapper" else network.mapper(latent)
    arrays = [np.ascontiguousarray(x[None].permute(0, 2, 3, 1).numpy()) for x in inputs]
    exact, rounded = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    litert.convert_float(source.network, [source.inputs[0].example(16, 16)], exact)
    ranges = litert.calibrate(exact, [[array] for array in arrays])
    litert.convert_int8(exact, ranges, name, recipe, rounded)

    # The twin gets the file's own ranges: the last stored tensor of each operation.
    twin = FakeQuantized(network, recipe).eval()
    stored = {d["name"]: d["quantization"] for d in details(rounded)}
    places = {(f"{name}/{o.scope}", o.name): o.tensor for o in litert.scopes(exact)}
    for layer in twin.layers():
        if layer.scope.startswith(f"{name}/") and layer.stored.active:
            given(layer.stored, *stored[places[layer.scope, layer.operation]])
        elif layer.scope.startswith(f"{name}/"):
            # Float: the file rounds it where the next convolution takes it.
            tensor = places[layer.scope, layer.operation]
            again = next(q for n, q in stored.items() if n.startswith(tensor) and n != tensor)
            given(layer.stored, *again)
    graph = {"mapper": twin.local, "decoder": twin.decoder}[name]
    ends = litert.stored_ends(rounded)
    ordered = [module for module in graph.children() if isinstance(module, Stored)]
    given(ordered[0], *ends["args_0"])
    given(ordered[-1], *ends["output_0"])

    scale, zero = ends["output_0"]
    runner = Interpreter(str(rounded)).get_signature_runner()
    for x, array in zip(inputs, arrays, strict=True):
        in_scale, in_zero = ends["args_0"]
        levels = np.clip(np.round(array / in_scale) + in_zero, -128, 127).astype(np.int8)
        got = (runner(args_0=levels)["output_0"].astype(np.float32) - zero) * scale
        with torch.no_grad():
            wanted = graph(x[None]).permute(0, 2, 3, 1).numpy()
        apart = np.abs(got - wanted) / scale
        assert apart.max() < 2.5 and (apart > 0.5).mean() < 0.02, (apart.max(), (apart > 0.5).mean())


def details(path: Path) -> list[dict]:  # type: ignore[type-arg]
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return Interpreter(str(path), experimental_op_resolver_type=plain).get_tensor_details()  # type: ignore[no-any-return]


def given(stored: Stored, scale: float, zero: int) -> None:
    stored.seen.copy_(torch.tensor(((-128 - zero) * scale, (127 - zero) * scale)))


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
