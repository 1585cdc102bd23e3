"""The reference networks in strips of rows: the same picture as from the whole photo at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convert.reference.chain import Networks, PhotoRows, fill, pictured, translate  # noqa: E402
from convert.reference.nets import PatchMapping, QualityMapping, ScratchMapping, Vae  # noqa: E402
from convert.reference.strips import Kept, Moments, Workspace, macs_of, run, steps_of  # noqa: E402

CPU = torch.device("cpu")
ROW, SOME, EVERYTHING = 1, 100_000, 1 << 28
"""Workspaces, in bytes: for a row at a time, for some rows, and for all of them."""

MAPPINGS = {"quality": QualityMapping, "scratch": ScratchMapping, "patch": PatchMapping}
SIZES = {
    "quality": [(44, 100), (16, 16)],
    "scratch": [(44, 100), (100, 36)],
    "patch": [(64, 96), (96, 32)],
}
CASES = [(mapping, size) for mapping, sizes in SIZES.items() for size in sizes]
INPUTS = {"colour": (np.uint8, 3), "gray": (np.uint8, 0), "16 bits": (np.uint16, 3)}


def networks(mapping: str, vae: int = 8, width: int = 32) -> Networks:
    """The encoder of one VAE and the decoder of another, with random weights."""
    torch.manual_seed(sorted(MAPPINGS).index(mapping))
    between = MAPPINGS[mapping](vae, width)
    return Networks(Vae(vae).encoder, between.requires_grad_(False), Vae(vae).decoder)


def picture(height: int, width: int, dtype: Any = np.uint8, colours: int = 3) -> NDArray[Any]:
    """Smooth with grain, darker towards the bottom; gray without ``colours``."""
    rng = np.random.default_rng(height * 1000 + width)
    down, across = np.mgrid[:height, :width]
    light = 0.6 - 0.2 * down / height + 0.2 * np.sin(down / 9) * np.cos(across / 7)
    shape = (height, width, colours) if colours else (height, width)
    values = (light[..., None] if colours else light) + rng.normal(0, 0.05, shape)
    return (np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def damage(height: int, width: int) -> NDArray[np.bool_]:
    """A scratch from top to bottom, and a corner that is gone."""
    mask = np.zeros((height, width), np.bool_)
    mask[:, width // 4 : width // 4 + 3] = True
    mask[-(height // 3) :, -(width // 3) :] = True
    return mask


def in_strips(
    chain: Networks, pixels: NDArray[Any], mask: NDArray[np.bool_] | None, max_bytes: int
) -> tuple[NDArray[np.float32], list[int]]:
    """The picture in -1..1, and the work that was told."""
    reported: list[int] = []
    work = Workspace(max_bytes, reported.append)
    size = (pixels.shape[0], pixels.shape[1])
    found = translate(chain, PhotoRows(pixels, size, mask, CPU), work)
    assert found.shape == (3, *size)
    strips = []
    for top, strip in pictured(found, work):
        assert top == sum(map(len, strips))
        strips.append(strip)
    return np.concatenate(strips) * 2 - 1, reported


@torch.no_grad()
def at_once(chain: Networks, pixels: NDArray[Any], mask: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """The same by the modules' own forward, on the whole photo."""
    colour = pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=2)
    painted = colour / np.iinfo(pixels.dtype).max
    covered = np.zeros(pixels.shape[:2], np.bool_) if mask is None else mask
    painted[covered] = 1
    photo = torch.from_numpy(2 * painted - 1).float().permute(2, 0, 1)[None]
    latent = chain.encoder(photo)
    if isinstance(chain.mapping, QualityMapping):
        mapped = chain.mapping(latent)
    else:
        mapped = chain.mapping(latent, torch.from_numpy(covered).float()[None, None])
    rows: NDArray[np.float32] = chain.decoder(mapped)[0].permute(1, 2, 0).numpy()
    return rows


@pytest.mark.parametrize("masked", [False, True], ids=["intact", "damaged"])
@pytest.mark.parametrize(("mapping", "size"), CASES)
def test_strips_give_the_picture_of_the_whole_photo(
    mapping: str, size: tuple[int, int], masked: bool
) -> None:
    chain = networks(mapping)
    pixels, mask = picture(*size), damage(*size) if masked else None
    expected = at_once(chain, pixels, mask)
    assert expected.std() > 0.1
    counts = []
    for max_bytes in (ROW, SOME, EVERYTHING):
        found, reported = in_strips(chain, pixels, mask, max_bytes)
        assert np.abs(found - expected).max() <= 1e-4
        counts.append(len(reported))
    assert counts[0] > 2 * counts[1]
    assert counts[1] > counts[2] or size == (16, 16)


@pytest.mark.parametrize("kind", ["gray", "16 bits"])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_gray_and_16_bit_photos_are_read_in_strips_too(mapping: str, kind: str) -> None:
    chain = networks(mapping)
    pixels, mask = picture(64, 32, *INPUTS[kind]), damage(64, 32)
    found, _ = in_strips(chain, pixels, mask, SOME)
    assert np.abs(found - at_once(chain, pixels, mask)).max() <= 1e-4


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_damage_matters(mapping: str) -> None:
    """Else the masks above would show nothing."""
    chain, pixels = networks(mapping), picture(64, 96)
    plain, masked = (in_strips(chain, pixels, mask, EVERYTHING)[0] for mask in (None, damage(64, 96)))
    assert np.abs(masked - plain).max() > 0.1


def test_what_lies_beyond_the_border_is_mirrored() -> None:
    chain, pixels, mask = networks("quality"), picture(41, 30), damage(41, 30)
    work = Workspace(SOME)
    rows = PhotoRows(pixels, (44, 32), np.pad(mask, ((0, 3), (0, 2)), "symmetric"), CPU)
    found = np.concatenate([strip for _, strip in pictured(translate(chain, rows, work), work)])
    padded = np.pad(pixels, ((0, 3), (0, 2), (0, 0)), "symmetric")
    expected = at_once(chain, padded, np.pad(mask, ((0, 3), (0, 2)), "symmetric"))
    assert np.abs(2 * found - 1 - expected).max() <= 1e-4


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_moments_of_strips_are_those_of_the_map(offset: float) -> None:
    rng = torch.Generator().manual_seed(21)
    values = torch.randn((1, 5, 90, 31), generator=rng) * torch.arange(1, 6).view(1, 5, 1, 1)
    values += offset + torch.linspace(-3, 3, 90)[:, None]  # no two strips have the same mean
    moments = Moments()
    for first, last in ((0, 1), (1, 2), (2, 40), (40, 43), (43, 90)):
        moments.add(values[:, :, first:last])
    variance, mean = torch.var_mean(values.double(), dim=(0, 2, 3), correction=0)
    assert moments.count == 90 * 31
    torch.testing.assert_close(moments.mean, mean, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(moments.squares / moments.count, variance, rtol=1e-4, atol=0)


def attention_map() -> tuple[nn.Module, Tensor]:
    block = networks("scratch").mapping.NL
    return block, torch.randn((1, 32, 9, 7), generator=torch.Generator().manual_seed(22))


def test_without_damage_attention_is_skipped_and_changes_nothing() -> None:
    block, x = attention_map()
    reported: list[int] = []
    kept = Kept(x.clone())
    with torch.no_grad():
        fill(block, kept, torch.ones(1, 1, 9, 7), Workspace(SOME, reported.append))
        assert torch.equal(kept.values, block(x, torch.ones(1, 1, 9, 7)))
    assert torch.equal(kept.values, x)
    assert reported == []


@pytest.mark.parametrize(("max_bytes", "chunks"), [(ROW, 63), (30_000, 3), (EVERYTHING, 1)])
def test_attention_fills_what_is_damaged_as_the_block_does(max_bytes: int, chunks: int) -> None:
    block, x = attention_map()
    reported: list[int] = []
    valid = torch.ones(1, 1, 9, 7)
    valid[..., 2:4, 3:6] = 0
    kept = Kept(x.clone())
    with torch.no_grad():
        fill(block, kept, valid, Workspace(max_bytes, reported.append))
        expected = block(x, valid)
    assert (kept.values - expected).abs().max() <= 1e-4
    assert torch.equal(kept.values == x, (valid > 0).expand(1, 32, 9, 7))
    assert sum(reported[:chunks]) == 2 * 63 * 63 * 32  # of the 63 queries, so many at a time


@pytest.mark.parametrize("max_bytes", [ROW, SOME, EVERYTHING])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_more_than_half_of_the_work_is_told_and_never_more_than_all(mapping: str, max_bytes: int) -> None:
    chain = networks(mapping)
    _, reported = in_strips(chain, picture(64, 32), damage(64, 32), max_bytes)
    assert min(reported) >= 0
    assert 0.5 <= sum(reported) / chain.macs((64, 32)) <= 1


def sequentials(chain: Networks) -> list[nn.Sequential]:
    """All that the chain computes in strips."""
    found = [chain.encoder, chain.decoder]
    for layers in chain.mapping.modules():
        if isinstance(layers, nn.Sequential) and len(layers) > 1:
            found.append(layers)
    return found


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_work_is_counted_as_torch_counts_it(mapping: str) -> None:
    for layers in sequentials(networks(mapping)):
        channels = next(layer for layer in layers.modules() if isinstance(layer, nn.Conv2d)).in_channels
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            made = layers(torch.zeros(1, channels, 24, 16))
        assert macs_of(layers, (channels, 24, 16)) == (counter.get_total_flops() // 2, made.shape[1:])


@pytest.mark.parametrize("mapping", ["quality", "patch"])
def test_the_work_for_a_photo_is_counted_as_torch_counts_it(mapping: str) -> None:
    chain = networks(mapping)
    with FlopCounterMode(display=False) as counter:
        at_once(chain, picture(64, 32), None)
    likenesses = 0
    if mapping == "patch":  # not counted: they are few where few patches are damaged
        likenesses = sum((16 * 8 // side**2) ** 2 * 32 * side**2 for side in (8, 4, 2))
    assert chain.macs((64, 32)) == counter.get_total_flops() // 2 - likenesses


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)],
        [nn.Conv2d(3, 4, 3), nn.Sigmoid()],
        [nn.Upsample(scale_factor=2), nn.Conv2d(3, 4, 3)],
        [nn.ReLU(), nn.Conv2d(3, 4, 3)],
        [nn.InstanceNorm2d(3), nn.Conv2d(3, 4, 3)],
        [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.InstanceNorm2d(4)],
        [nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4, affine=True)],
        [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Tanh()],
        [nn.ReflectionPad2d(1), nn.Conv2d(3, 4, 3, padding=1)],
        [nn.ReflectionPad2d((1, 1, 0, 0)), nn.Conv2d(3, 4, 3)],
        [nn.Conv2d(3, 3, 3, groups=3)],
        [nn.Conv2d(3, 4, 3, dilation=2)],
        [nn.ConvTranspose2d(3, 4, 2, stride=2)],
    ],
    ids=lambda layers: " ".join(type(layer).__name__ for layer in layers),
)
def test_a_layer_that_is_not_known_is_an_error(layers: list[nn.Module]) -> None:
    with pytest.raises(TypeError, match="can't be computed in strips"):
        steps_of(nn.Sequential(*layers))


def test_a_map_can_be_read_again() -> None:
    torch.manual_seed(24)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh()).requires_grad_(False)
    x = torch.randn(1, 3, 9, 7)
    found = run(layers, Kept(x.clone()), Workspace(ROW))
    for first, last in ((0, 9), (2, 5), (2, 5)):
        torch.testing.assert_close(found.read(first, last), layers(x)[:, :, first:last])


class Largest(TorchDispatchMode):
    """The largest tensor that is made, in bytes."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.size = max(self.size, result.untyped_storage().nbytes())
        return result


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_maps_of_the_full_resolution_are_not_kept(mapping: str) -> None:
    """The largest map in memory has half the resolution."""
    chain, mask = networks(mapping, vae=8, width=16), damage(400, 32)
    pixels = picture(400, 32)
    largest = Largest()
    with largest:
        in_strips(chain, pixels, None if mapping == "quality" else mask, 100_000)
    assert largest.size == 4 * 8 * 200 * 16


def decibels(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """PSNR of pictures in -1..1."""
    return float(10 * np.log10(4 / np.square(found.astype(np.float64) - expected).mean()))


@pytest.mark.slow
@pytest.mark.parametrize("mapping", ["quality", "scratch"])
def test_strips_of_the_published_widths_give_the_picture_of_the_whole_photo(mapping: str) -> None:
    torch.manual_seed(23)
    between = MAPPINGS[mapping]().requires_grad_(False)
    chain = Networks(Vae().encoder, between, Vae().decoder)
    pixels, mask = picture(512, 768), damage(512, 768) if mapping == "scratch" else None
    found, reported = in_strips(chain, pixels, mask, 32 << 20)
    assert len(reported) > 3 * 35  # several strips for each of the layers
    psnr = decibels(found, at_once(chain, pixels, mask))
    print(f"{mapping}, 768x512 in {len(reported)} strips: {psnr:.1f} dB")  # noqa: T201 - for -s
    assert psnr >= 70
