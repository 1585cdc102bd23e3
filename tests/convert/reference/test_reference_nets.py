"""The reference networks: published keys, their maths against a second formulation, and folding."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from convert.reference.nets import (  # noqa: E402
    FaceGenerator,
    PatchMapping,
    QualityMapping,
    ScratchMapping,
    ScratchUnet,
    Vae,
)
from convert.reference.nets.folding import fold  # noqa: E402
from tests.convert.reference import reference_formulas as formulas  # noqa: E402

KEYS = Path(__file__).parent / "keys"
TOLERANCES = {torch.float32: 1e-5, torch.float64: 1e-10}
PRECISIONS = pytest.mark.parametrize("dtype", list(TOLERANCES), ids=["float32", "float64"])


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("file", "build", "parameters", "buffers"),
    [
        ("vae", Vae, 872_131, 0),
        ("mapping_quality", QualityMapping, 36_135_232, 0),
        ("mapping_scratch", ScratchMapping, 51_344_704, 0),
        ("mapping_patch_attention", PatchMapping, 73_904_448, 0),
        ("detection_unet", ScratchUnet, 37_626_177, 22_100),
        ("face_spade", FaceGenerator, 92_059_587, 114_066),
        ("face_spade", lambda: FaceGenerator(side=512), 92_059_587, 114_066),
    ],
)
def test_keys_and_shapes_are_the_published_ones(
    file: str, build: Callable[[], nn.Module], parameters: int, buffers: int
) -> None:
    with torch.device("meta"):
        network = build()
    shapes = {key: list(value.shape) for key, value in network.state_dict().items()}
    assert shapes == json.loads((KEYS / f"{file}.json").read_text())
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert sum(buffer.numel() for buffer in network.buffers()) == buffers


def blur(channels: int) -> Tensor:
    row = torch.tensor([1.0, 2.0, 1.0])
    return (torch.outer(row, row) / 16).expand(channels, 1, 3, 3).contiguous()


def test_blurs_have_the_published_filter() -> None:
    filters = {key: value for key, value in ScratchUnet(8).state_dict().items() if key.endswith(".filt")}
    assert len(filters) == 4
    for value in filters.values():
        assert torch.equal(value, blur(len(value)))


def random_value(key: str, shape: torch.Size, rng: torch.Generator) -> Tensor:
    if key.endswith(".num_batches_tracked"):
        return torch.zeros((), dtype=torch.long)
    if key.endswith(".filt"):
        return blur(shape[0])
    if key.endswith(".running_var") or (key.endswith(".weight") and len(shape) == 1):
        return 0.5 + 1.5 * torch.rand(shape, generator=rng)
    value = torch.randn(shape, generator=rng)
    if len(shape) == 1:
        return 0.2 * value
    # Attention weights should be neither equal nor all on one cell, whatever the width.
    gain = 2 / shape[0] ** 0.25 if "theta" in key or "phi" in key else 1
    return value * gain / shape[1:].numel() ** 0.5


def random_state(network: nn.Module, seed: int) -> dict[str, Tensor]:
    """Nothing is 0 or 1, so that nothing that is left out goes unnoticed."""
    rng = seeded(seed)
    state = {key: random_value(key, value.shape, rng) for key, value in network.state_dict().items()}
    for key in [key for key in state if key.endswith(".weight_orig")]:
        weight, v = state[key].flatten(1), state[key.replace("_orig", "_v")]
        u = (weight @ v) * (0.5 + torch.rand(len(weight), generator=rng))
        state[key.replace("_orig", "_u")] = u / (u @ weight @ v)
        state[key] *= 0.5 + torch.rand((), generator=rng)
    return state


def randomised(build: Callable[[], nn.Module], dtype: torch.dtype = torch.float32) -> nn.Module:
    with torch.device("meta"):
        network = build()
    network.load_state_dict(random_state(network, seed=7), assign=True)
    return network.eval().requires_grad_(False).to(dtype)


def photo(batch: int, height: int, width: int, channels: int = 3) -> Tensor:
    return 2 * torch.rand((batch, channels, height, width), generator=seeded(1)) - 1


def latent(batch: int, channels: int, height: int, width: int) -> Tensor:
    return torch.randn((batch, channels, height, width), generator=seeded(2))


def specks(batch: int, height: int, width: int) -> Tensor:
    return (torch.rand((batch, 1, height, width), generator=seeded(3)) < 0.05).float()


def holes(batch: int, height: int, width: int) -> Tensor:
    """Specks, and a hole that fills patches of every size; elsewhere in each photo."""
    mask = specks(batch, height, width)
    for index, one in enumerate(mask[:, 0]):
        one[28 - 28 * index : 70 - 28 * index, 28 : 64 + 20 * index] = 1
    return mask


@dataclass(frozen=True)
class Case:
    build: Callable[[], nn.Module]
    formula: Callable[..., Tensor]
    inputs: Callable[[], tuple[Tensor, ...]]
    bounded: bool = False


SMALL = {
    "vae": Case(lambda: Vae(8), formulas.autoencoded, lambda: (photo(2, 28, 44),), bounded=True),
    "encoder": Case(lambda: Vae(8), formulas.encoded, lambda: (photo(2, 28, 44),)),
    "decoder": Case(lambda: Vae(8), formulas.decoded, lambda: (latent(2, 8, 7, 11),), bounded=True),
    "quality": Case(lambda: QualityMapping(4, 16), formulas.quality_mapped, lambda: (latent(2, 4, 9, 14),)),
    "scratch": Case(
        lambda: ScratchMapping(4, 16),
        formulas.scratch_mapped,
        lambda: (latent(2, 4, 9, 14), specks(2, 36, 56)),
    ),
    "scratch_without_damage": Case(
        lambda: ScratchMapping(4, 16),
        formulas.scratch_mapped,
        lambda: (latent(2, 4, 9, 14), torch.zeros((2, 1, 36, 56))),
    ),
    "patches": Case(
        lambda: PatchMapping(4, 16), formulas.patch_mapped, lambda: (latent(2, 4, 16, 24), holes(2, 64, 96))
    ),
    "patches_and_a_rest": Case(
        lambda: PatchMapping(4, 16),
        formulas.patch_mapped,
        lambda: (latent(2, 4, 21, 27), holes(2, 84, 108)),
    ),
    "patches_without_damage": Case(
        lambda: PatchMapping(4, 16),
        formulas.patch_mapped,
        lambda: (latent(2, 4, 16, 24), torch.zeros((2, 1, 64, 96))),
    ),
    "unet": Case(lambda: ScratchUnet(8), formulas.scratch_logits, lambda: (photo(2, 32, 80, 1),)),
    "face_64": Case(
        lambda: FaceGenerator(4, 8, 64), formulas.face_generated, lambda: (photo(2, 64, 64),), bounded=True
    ),
    "face_128": Case(
        lambda: FaceGenerator(4, 8, 128),
        formulas.face_generated,
        lambda: (photo(2, 128, 128),),
        bounded=True,
    ),
}
PUBLISHED = {
    "vae": Case(Vae, formulas.autoencoded, lambda: (photo(1, 32, 48),), bounded=True),
    "quality": Case(QualityMapping, formulas.quality_mapped, lambda: (latent(1, 64, 8, 12),)),
    "scratch": Case(
        ScratchMapping, formulas.scratch_mapped, lambda: (latent(1, 64, 8, 12), specks(1, 32, 48))
    ),
    "patches": Case(PatchMapping, formulas.patch_mapped, lambda: (latent(1, 64, 17, 18), holes(1, 68, 72))),
    "unet": Case(ScratchUnet, formulas.scratch_logits, lambda: (photo(1, 32, 48, 1),)),
    "face": Case(
        lambda: FaceGenerator(side=64), formulas.face_generated, lambda: (photo(1, 64, 64),), bounded=True
    ),
}


def run(network: nn.Module, case: Case, dtype: torch.dtype = torch.float32) -> Tensor:
    return network(*(value.to(dtype) for value in case.inputs()))


def assert_near(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert (found - expected).abs().max() <= TOLERANCES[found.dtype] * max(1, expected.abs().max())


def check(case: Case, network: nn.Module, found: Tensor, dtype: torch.dtype) -> None:
    expected = case.formula(network.state_dict(), *(value.to(dtype) for value in case.inputs()))
    assert expected.std() > 0.1
    if case.bounded:
        assert (expected.abs() > 0.99).double().mean() < 0.02
    assert_near(found, expected)


@PRECISIONS
@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_computes_the_formula(name: str, dtype: torch.dtype) -> None:
    case = SMALL[name]
    network = randomised(case.build, dtype)
    part = getattr(network, name) if name in ("encoder", "decoder") else network
    check(case, network, run(part, case, dtype), dtype)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_of_published_width_computes_the_formula(name: str) -> None:
    case = PUBLISHED[name]
    # At these widths norms and attention raise the rounding of float32 to 1e-5 by themselves, more or less
    # with the processor.
    network = randomised(case.build, torch.float64)
    check(case, network, run(network, case, torch.float64), torch.float64)


def test_the_scratch_mapping_survives_a_fully_damaged_photo() -> None:
    network = randomised(lambda: ScratchMapping(4, 16), torch.float64)
    given = latent(1, 4, 9, 14).double()
    mask = torch.ones((1, 1, 36, 56), dtype=torch.float64)
    # What is attended is the same everywhere, and six norms amplify its rounding: the result is arbitrary.
    assert torch.isfinite(network(given, mask)).all()


@pytest.mark.parametrize("name", ["scratch", "patches_and_a_rest"])
def test_a_batch_is_its_photos_one_by_one(name: str) -> None:
    network, inputs = randomised(SMALL[name].build), SMALL[name].inputs()
    alone = [network(*(value[index : index + 1] for value in inputs)) for index in range(2)]
    assert_near(network(*inputs), torch.cat(alone))


@PRECISIONS
@pytest.mark.parametrize("name", ["unet", "face_64"])
def test_folding_changes_no_output(name: str, dtype: torch.dtype) -> None:
    case = SMALL[name]
    network = randomised(case.build, dtype)
    expected = run(network, case, dtype)
    folded = fold(network)
    assert folded is network
    assert_near(run(folded, case, dtype), expected)


@pytest.mark.parametrize("name", ["unet", "face_64", "vae", "quality", "scratch", "patches"])
def test_folding_leaves_only_convolutions(name: str) -> None:
    network = randomised(SMALL[name].build)
    before = network.state_dict()
    folded = fold(network)
    norms = {key.rpartition(".")[0] for key in before if key.endswith(".running_var")}
    kept = {key for key in before if key.rpartition(".")[0] not in norms}
    kept = {key for key in kept if not key.endswith((".weight_u", ".weight_v"))}
    assert set(folded.state_dict()) == {key.removesuffix("_orig") for key in kept}
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in folded.modules())
    assert not any(hasattr(module, "weight_orig") for module in folded.modules())


@pytest.mark.parametrize("name", ["unet", "face_64"])
def test_a_folded_network_can_be_saved_and_loaded(name: str) -> None:
    case = SMALL[name]
    network = fold(randomised(case.build))
    other = fold(case.build())
    other.load_state_dict(network.state_dict())
    assert torch.equal(run(other, case), run(network, case))
