"""Photos restored by the reference networks: both presets, the detector, and the command."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch")

from small_weights import SmallWeights  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from convert.nets.reference import ScratchUnet  # noqa: E402
from convert.reference import budget, restorer  # noqa: E402
from convert.reference.chain import Networks, PhotoRows  # noqa: E402
from convert.reference.detection import detector_size, find_scratches, widened  # noqa: E402
from convert.reference.kinds import ROLES, RoleName  # noqa: E402
from convert.reference.presets import PRESETS  # noqa: E402
from convert.reference.restorer import ReferenceRestorer  # noqa: E402
from convert.reference.weights import (  # noqa: E402
    StoredNetwork,
    file_entry,
    write_manifest,
    write_network,
)
from edge import cli  # noqa: E402
from edge.errors import MemoryBudgetExceeded, NetworkFailed, PhotoError  # noqa: E402
from edge.photo import Metadata, Photo  # noqa: E402
from edge.pipeline import Options  # noqa: E402

CPU = torch.device("cpu")
SIZES = [(1, 1), (3, 70), (17, 33), (64, 48)]
KINDS_OF_PHOTO = {"colour": (np.uint8, 3), "gray": (np.uint8, 0), "16 bits": (np.uint16, 3)}
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    """Small maps are too little work to share."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Weights:
    """Small networks; notes what is asked for. The detector finds damage here and there, or none."""

    def __init__(self, finds: bool = True) -> None:
        self.finds = finds
        self.asked: list[RoleName] = []

    def load(self, role: RoleName) -> nn.Module:
        self.asked.append(role)
        network = SmallWeights().load(role)
        if isinstance(network, ScratchUnet):
            last = cast(nn.Conv2d, network.last[1])
            assert last.bias is not None
            last.weight *= 300
            last.bias.copy_(300 * (last.bias + (0.1065 if self.finds else -1)))
        return network


def picture(height: int, width: int, dtype: Any = np.uint8, colours: int = 3) -> NDArray[Any]:
    """Smooth with grain, a different one for each size; gray without ``colours``."""
    rng = np.random.default_rng(height * 1000 + width)
    down, across = np.mgrid[:height, :width]
    light = 0.5 + 0.2 * np.sin(down / 9) * np.cos(across / 7)
    shape = (height, width, colours) if colours else (height, width)
    values = (light[..., None] if colours else light) + rng.normal(0, 0.05, shape)
    return (np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def photo(pixels: NDArray[Any], alpha: NDArray[Any] | None = None) -> Photo:
    return Photo(pixels.copy(), None if alpha is None else alpha.copy(), Metadata("PNG"))


def made(weights: Weights | None = None, preset: str = "heirloom", **settings: Any) -> ReferenceRestorer:
    return ReferenceRestorer(weights or Weights(), PRESETS[preset], device=CPU, **settings)


def restored(
    pixels: NDArray[Any], options: Options | None = None, preset: str = "heirloom", **settings: Any
) -> NDArray[Any]:
    return made(preset=preset, **settings).restore(photo(pixels), options or Options()).photo.pixels


def damage(height: int, width: int) -> NDArray[np.bool_]:
    """A scratch from top to bottom, and a corner that is gone."""
    mask = np.zeros((height, width), np.bool_)
    mask[:, width // 3 : width // 3 + 2] = True
    mask[height // 2 :, -(width // 3) :] = True
    return mask


def painted(folder: Path, mask: NDArray[np.bool_]) -> Path:
    Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "mask.png")
    return folder / "mask.png"


def distance(a: NDArray[Any], b: NDArray[Any]) -> int:
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def tensor(picture: Any) -> Tensor:
    """8-bit pixels ``(H, W[, 3])`` as ``(1, C, H, W)`` in -1..1."""
    values = torch.from_numpy(np.array(picture)).float() / 255
    values = values[..., None] if values.ndim == 2 else values
    return ((values - 0.5) / 0.5).permute(2, 0, 1)[None]


def found_by(detector: nn.Module, gray: NDArray[np.uint8] | Image.Image) -> Tensor:
    """Damage ``(1, 1, H, W)`` of 0 and 1: probabilities at 256 pixels, repeated, cut at 0.4."""
    seen = tensor(gray)
    rows, columns = seen.shape[2:]
    size = [round(side / min(rows, columns) * 256 / 16) * 16 for side in (rows, columns)]
    small = F.interpolate(seen, size, mode="bilinear", align_corners=False)
    probability = F.interpolate(torch.sigmoid(detector(small)), (rows, columns), mode="nearest")
    return (probability >= 0.4).float()


def through(
    seen: Tensor, mask: Tensor | None, mapping: RoleName = "mapping_scratch"
) -> NDArray[np.float32]:
    """The networks on the whole photo at once: ``(H, W, 3)`` in 0..1."""
    weights = Weights()
    if mask is not None:
        seen = seen * (1 - mask) + mask
    encoder = cast(nn.Module, weights.load("vae_a").encoder)
    decoder = cast(nn.Module, weights.load("vae_b_quality" if mask is None else "vae_b_scratch").decoder)
    if mask is None:
        mapped = weights.load("mapping_quality")(encoder(seen))
    else:
        mapped = weights.load(mapping)(encoder(seen), mask)
    values: NDArray[np.float32] = ((decoder(mapped) + 1) / 2)[0].permute(1, 2, 0).numpy()
    return values


def levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values * 255 + 0.5).clip(0, 255).astype(np.uint8)


def as_published(pixels: NDArray[np.uint8], scratches: bool) -> NDArray[np.uint8]:
    """The whole published path."""
    multiple, kind = (16, BICUBIC) if scratches else (4, BILINEAR)
    image = Image.fromarray(pixels).convert("RGB")
    width, height = (round(side / multiple) * multiple for side in image.size)
    image = image.resize((width, height), kind)
    mask = found_by(Weights().load("detection"), image.convert("L")) if scratches else None
    assert mask is None or 0.02 < mask.mean() < 0.8
    values = through(tensor(image), mask)
    return levels((values - values.min()) / max(values.max() - values.min(), 1e-5))


def mirrored(plane: NDArray[Any], multiple: int) -> NDArray[Any]:
    """Repeated beyond the lower and right border, border first, up to a multiple of at least 16."""
    more = [(0, -max(side, 16) % multiple + max(16 - side, 0)) for side in plane.shape[:2]]
    return np.pad(plane, [*more, *[(0, 0)] * (plane.ndim - 2)], "symmetric")


@pytest.mark.parametrize("kind", KINDS_OF_PHOTO)
@pytest.mark.parametrize("size", SIZES[:3])
def test_a_photo_keeps_its_size_and_kind(size: tuple[int, int], kind: str) -> None:
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    found = restored(pixels, Options(scratches="off"))
    assert distance(found, pixels) > np.iinfo(pixels.dtype).max / 50 or size == (1, 1)


@pytest.mark.parametrize("size", SIZES)
def test_a_photo_keeps_its_size_when_scratches_are_looked_for(size: tuple[int, int]) -> None:
    pixels = picture(*size)
    assert distance(restored(pixels), pixels) > 5


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_photo_passes_the_networks_as_a_whole(size: tuple[int, int]) -> None:
    """But for a single pixel: the norms of a constant photo turn rounding into values."""
    pixels = picture(*size)
    expected = 255 * through(tensor(mirrored(pixels, 4)), None)[: size[0], : size[1]]
    assert np.abs(restored(pixels, Options(scratches="off")) - expected).max() <= 0.51


def test_a_scratched_photo_passes_the_networks_as_a_whole(tmp_path: Path) -> None:
    pixels, mask = picture(50, 70), damage(50, 70)
    covered = torch.from_numpy(mirrored(mask, 4)).float()[None, None]
    expected = levels(through(tensor(mirrored(pixels, 4)), covered))[:50, :70]
    assert distance(restored(pixels, Options(scratches=painted(tmp_path, mask))), expected) <= 1
    found = found_by(Weights().load("detection"), Image.fromarray(pixels).convert("L"))
    covered = torch.from_numpy(mirrored(found[0, 0].numpy(), 4))[None, None]
    expected = levels(through(tensor(mirrored(pixels, 4)), covered))[:50, :70]
    assert distance(restored(pixels), expected) <= 1


@pytest.mark.parametrize("size", [(50, 70), (33, 20)])
def test_the_high_resolution_mapping_takes_any_size_and_a_wider_mask(
    size: tuple[int, int], tmp_path: Path
) -> None:
    pixels, mask = picture(*size), damage(*size)
    near = np.zeros_like(mask)
    for down, across in np.argwhere(mask):
        near[max(0, down - 3) : down + 4, max(0, across - 3) : across + 4] = True
    found = restored(pixels, Options(scratches=painted(tmp_path, mask)), hr=True)
    for covered, equal in ((near, True), (mask, False)):
        large = torch.from_numpy(mirrored(covered, 32)).float()[None, None]
        expected = through(tensor(mirrored(pixels, 32)), large, "mapping_hr")
        assert (distance(found, levels(expected)[: size[0], : size[1]]) <= 1) == equal


@pytest.mark.parametrize("hr", [False, True])
def test_only_the_high_resolution_mapping_sees_a_wider_mask(
    hr: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[PhotoRows] = []

    def spy(*arguments: Any) -> PhotoRows:
        seen.append(PhotoRows(*arguments))
        return seen[-1]

    monkeypatch.setattr(restorer, "PhotoRows", spy)
    mask = np.zeros((40, 40), np.bool_)
    mask[10, 12] = True
    done = made(hr=hr).restore(photo(picture(40, 40)), Options(scratches=painted(tmp_path, mask))).done
    expected = np.zeros((64, 64) if hr else (40, 40), np.bool_)
    margin = 3 if hr else 0
    expected[10 - margin : 11 + margin, 12 - margin : 13 + margin] = True
    np.testing.assert_array_equal(seen[0].mask, expected)
    assert done[0] == "scratches on 0.1 % of the photo"  # as it was painted


def test_a_mask_is_widened_in_all_directions() -> None:
    mask = np.zeros((9, 12), np.bool_)
    mask[4, 10] = True
    expected = np.zeros_like(mask)
    expected[2:7, 8:] = True
    np.testing.assert_array_equal(widened(mask, 2), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_stays_gray_unless_asked_otherwise(dtype: Any) -> None:
    gray = picture(30, 41, dtype, colours=0)
    stored = np.repeat(gray[..., None], 3, axis=2)
    kept = restored(gray, Options(scratches="off"))
    assert kept.ndim == 2
    found = restored(stored, Options(scratches="off"))
    np.testing.assert_array_equal(found, np.repeat(kept[..., None], 3, axis=2))
    for given in (gray, stored):
        colour = restored(given, Options(scratches="off", keep_gray=False))
        assert colour.shape == stored.shape and colour.dtype == dtype
        assert distance(colour[..., 0], colour[..., 2]) > 5
    assert distance(kept, colour.mean(axis=2).astype(dtype)) <= 1


@pytest.mark.parametrize("kind", KINDS_OF_PHOTO)
def test_without_strength_the_photo_is_untouched(kind: str) -> None:
    pixels = picture(40, 33, *KINDS_OF_PHOTO[kind])
    np.testing.assert_array_equal(restored(pixels, Options(strength=0)), pixels)


def test_half_the_strength_is_half_the_change() -> None:
    pixels = picture(40, 33)
    full, half = (restored(pixels, Options(share, "off")) for share in (1.0, 0.5))
    assert distance(full, pixels) > 30
    assert np.abs((pixels.astype(int) + full) / 2 - half).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_and_metadata_are_kept(dtype: Any) -> None:
    given = photo(picture(20, 30, dtype), alpha := picture(20, 30, dtype, colours=0))
    found = made().restore(given, Options()).photo
    assert found.alpha is not None
    np.testing.assert_array_equal(found.alpha, alpha)
    assert found.metadata is given.metadata


@pytest.mark.parametrize("preset", PRESETS)
def test_progress_rises_to_one(preset: str, tmp_path: Path) -> None:
    for scratches in ("auto", "off"):
        shares: list[float] = []
        options = Options(scratches=cast(Any, scratches))
        made(preset=preset).restore(photo(picture(64, 48)), options, shares.append)
        assert shares == sorted(shares)
        assert 0 < shares[0] < 0.5 < shares[-2] <= 1 == shares[-1]


@pytest.mark.parametrize(
    ("size", "scratches", "expected"),
    [
        ((50, 70), False, (48, 72)),  # 12.5 and 17.5: halves go to the even number
        ((33, 63), False, (32, 64)),
        ((48, 72), False, (48, 72)),
        ((40, 56), True, (32, 64)),  # 2.5 and 3.5
        ((50, 70), True, (48, 64)),
    ],
)
@pytest.mark.parametrize("preset", PRESETS)
def test_only_the_published_preset_rounds_the_sides(
    preset: str, size: tuple[int, int], scratches: bool, expected: tuple[int, int]
) -> None:
    pixels = picture(*size)
    found = restored(pixels, Options(0, "auto" if scratches else "off"), preset)
    image = Image.fromarray(pixels)
    if preset == "published":
        image = image.resize(expected[::-1], BICUBIC if scratches else BILINEAR)
    np.testing.assert_array_equal(found, np.asarray(image))


@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_16_bit_photos_are_resized_as_8_bit_ones(scratches: Any) -> None:
    pixels = picture(50, 70, np.uint16)
    found = restored(pixels, Options(0, scratches), "published")
    small = restored(np.round(pixels / 257).astype(np.uint8), Options(0, scratches), "published")
    assert found.dtype == np.uint16
    assert np.abs(found / 257 - small).max() <= 1.5
    assert len(np.unique(found & 0xFF)) > 200


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_alpha_is_resized_along(scratches: Any, dtype: Any) -> None:
    alpha = picture(50, 70, dtype, colours=0)
    given = photo(picture(50, 70, dtype), alpha)
    found = made(preset="published").restore(given, Options(scratches=scratches)).photo
    size, kind = ((72, 48), BILINEAR) if scratches == "off" else ((64, 48), BICUBIC)
    expected = np.asarray(Image.fromarray(alpha.astype(np.float32)).resize(size, kind))
    assert found.alpha is not None
    assert found.alpha.dtype == dtype
    assert found.alpha.shape == found.pixels.shape[:2] == size[::-1]
    assert np.abs(found.alpha - expected).max() <= 1
    np.testing.assert_array_equal(given.alpha, alpha)


@pytest.mark.parametrize("scratches", [False, True])
@pytest.mark.parametrize(("size", "kind"), [((50, 70), "colour"), ((64, 48), "gray")])
def test_the_published_preset_is_the_published_path(
    size: tuple[int, int], kind: str, scratches: bool
) -> None:
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    found = restored(pixels, Options(scratches="auto" if scratches else "off"), "published")
    assert distance(found, as_published(pixels, scratches)) <= 1
    assert (found.min(), found.max()) == (0, 255)


def test_one_stretch_spans_all_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the rows come one by one or all together."""
    pixels = picture(64, 48)
    together = restored(pixels, Options(scratches="off"), "published")
    monkeypatch.setattr(budget, "MOST_WORK", 1)
    found = restored(pixels, Options(scratches="off"), "published")
    assert distance(found, together) <= 1
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_the_result_does_not_depend_on_memory(scratches: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 1 MiB for strips, and with as much as is of use."""
    monkeypatch.setattr(budget, "LEAST_WORK", 1 << 20)
    weights, pixels = Weights(), picture(128, 208)
    vae, mapping = weights.load("vae_a"), weights.load("mapping_quality")
    if scratches == "auto":
        mapping = weights.load("mapping_scratch")
    chain = Networks(cast(Any, vae).encoder, cast(Any, mapping), cast(Any, vae).decoder)
    least = budget.need((128, 208), chain, [weights.load("detection")]) + budget.LEAST_WORK
    calls: list[list[float]] = [[], []]
    found = []
    for told, memory in zip(calls, (least, None), strict=True):
        tool = made(max_memory=memory)
        found.append(tool.restore(photo(pixels), Options(scratches=scratches), told.append).photo.pixels)
    assert len(calls[0]) > len(calls[1])
    assert distance(*found) <= 1


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("scratches", ["off", "auto"])
def test_too_little_memory_is_refused_before_pixels_change(preset: str, scratches: Any) -> None:
    given = photo(pixels := picture(64, 48))
    with pytest.raises(MemoryBudgetExceeded, match="48x64"):
        made(preset=preset, max_memory=10**6).restore(given, Options(scratches=scratches))
    np.testing.assert_array_equal(given.pixels, pixels)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_that_returns_no_numbers_has_failed(preset: str, bad: float) -> None:
    class Broken(Weights):
        def load(self, role: RoleName) -> nn.Module:
            network = super().load(role)
            if role == "mapping_quality":
                cast(Any, network).model[-1].bias[0] = bad
            return network

    with pytest.raises(NetworkFailed):
        made(Broken(), preset).restore(photo(picture(20, 30)), Options(scratches="off"))


@pytest.mark.parametrize(
    ("preset", "hr", "finds", "expected"),
    [
        ("heirloom", False, False, {"mapping_quality"}),
        ("heirloom", True, False, {"mapping_quality"}),
        ("heirloom", False, True, {"mapping_scratch", "vae_b_scratch"}),
        ("heirloom", True, True, {"mapping_hr", "vae_b_scratch"}),
        ("published", False, False, {"mapping_scratch", "vae_b_scratch"}),
        ("published", True, False, {"mapping_hr", "vae_b_scratch"}),
    ],
)
def test_scratches_decide_which_networks_a_photo_passes(
    preset: str, hr: bool, finds: bool, expected: set[str]
) -> None:
    weights = Weights(finds)
    done = made(weights, preset, hr=hr).restore(photo(picture(64, 48)), Options()).done
    assert set(weights.asked) == {"vae_a", "vae_b_quality", "detection"} | expected
    assert len(weights.asked) == len(set(weights.asked))
    assert ("scratches on" in done[0]) == ("vae_b_scratch" in expected)


@pytest.mark.parametrize("preset", PRESETS)
def test_without_scratches_nothing_is_looked_for(preset: str) -> None:
    weights = Weights()
    done = made(weights, preset).restore(photo(picture(64, 48)), Options(scratches="off")).done
    assert weights.asked == ["vae_a", "vae_b_quality", "mapping_quality"]
    assert done == ("restored by the reference networks",)


def test_only_one_mapping_is_in_memory_at_a_time() -> None:
    class Watched(Weights):
        def __init__(self) -> None:
            super().__init__()
            self.mappings: list[weakref.ref[nn.Module]] = []

        def load(self, role: RoleName) -> nn.Module:
            gc.collect()
            if role.startswith("mapping"):
                assert not any(mapping() for mapping in self.mappings)
            network = super().load(role)
            if role.startswith("mapping"):
                self.mappings.append(weakref.ref(network))
            return network

    tool = made(weights := Watched())
    for scratches in ("off", "off", "auto", "auto", "off"):
        tool.restore(photo(picture(20, 30)), Options(scratches=cast(Any, scratches)))
    assert [role for role in weights.asked if role.startswith("mapping")] == [
        "mapping_quality",
        "mapping_scratch",
        "mapping_quality",
    ]
    assert weights.asked.count("detection") == weights.asked.count("vae_a") == 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((600, 400), (384, 256)),
        ((400, 600), (256, 384)),
        ((256, 256), (256, 256)),
        ((100, 103), (256, 256)),  # 16.48 times 16
        ((1, 700), (32, 2048)),
        ((4000, 100), (2048, 48)),
    ],
)
def test_the_detector_sees_256_pixels_or_less_where_the_photo_is_long(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert detector_size(*size) == expected


@pytest.mark.parametrize(
    ("size", "kind"),
    [((64, 48), "colour"), ((64, 48), "16 bits"), ((41, 97), "gray"), ((300, 280), "colour")],
)
def test_scratches_are_found_as_published(size: tuple[int, int], kind: str) -> None:
    detector = cast(ScratchUnet, Weights().load("detection"))
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    eight_bit = np.round(pixels / 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    expected = found_by(detector, Image.fromarray(eight_bit).convert("L"))[0, 0].bool().numpy()
    found = find_scratches(detector, pixels, 0.4, CPU)
    assert found.dtype == np.bool_ and found.shape == size
    assert 0.02 < expected.mean() < 0.8
    assert (found != expected).mean() < 1e-3


def test_a_probability_at_the_threshold_is_a_scratch() -> None:
    detector = cast(ScratchUnet, Weights().load("detection"))
    last = cast(Any, detector.last[1])
    last.weight.zero_()
    last.bias.zero_()
    for threshold, found in ((0.5, True), (0.5000001, False)):
        assert (find_scratches(detector, picture(20, 30), threshold, CPU) == found).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_mask_that_does_not_fit_is_refused_before_pixels_change(preset: str, tmp_path: Path) -> None:
    given = photo(pixels := picture(20, 30))
    options = Options(scratches=painted(tmp_path, damage(30, 20)))
    with pytest.raises(PhotoError, match="20x30"):
        made(preset=preset).restore(given, options)
    np.testing.assert_array_equal(given.pixels, pixels)


def test_the_published_preset_resizes_a_mask_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[PhotoRows] = []

    def spy(*arguments: Any) -> PhotoRows:
        seen.append(PhotoRows(*arguments))
        return seen[-1]

    monkeypatch.setattr(restorer, "PhotoRows", spy)
    mask = damage(50, 70)
    restored(picture(50, 70), Options(scratches=painted(tmp_path, mask)), "published")
    down = ((np.arange(48) + 0.5) * 50 / 48).astype(int)
    across = ((np.arange(64) + 0.5) * 70 / 64).astype(int)
    np.testing.assert_array_equal(seen[0].mask, mask[down[:, None], across])


@pytest.mark.parametrize("hr", [False, True])
def test_what_a_mask_covers_does_not_matter(hr: bool, tmp_path: Path) -> None:
    one, mask = picture(50, 70), damage(50, 70)
    other = one.copy()
    other[mask] = 255 - other[mask] // 3
    options = Options(scratches=painted(tmp_path, mask))
    found = [restored(pixels, options, hr=hr) for pixels in (one, other)]
    np.testing.assert_array_equal(found[0][~mask], found[1][~mask])
    assert distance(*found) <= 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported weights without the high-resolution mapping and the faces."""
    path = tmp_path_factory.mktemp("weights")
    networks: dict[RoleName, StoredNetwork] = {}
    for role in ROLES:
        if role in ("mapping_hr", "face_256", "face_512"):
            continue
        network, kind = Weights().load(role), ROLES[role].kind
        write_network(network, path / f"{role}.safetensors")
        sha256, size = file_entry(path / f"{role}.safetensors")
        widths = {"vae": {"width": 8}, "detection": {"width": 4}}.get(kind, {"latent": 8, "width": 16})
        networks[role] = StoredNetwork(
            kind=kind,
            widths=widths,
            file=f"{role}.safetensors",
            sha256=sha256,
            bytes=size,
            parameters=sum(weight.numel() for weight in network.parameters()),
            source=f"{role}.pth",
            source_sha256="0" * 64,
        )
    write_manifest(path, networks)
    return path


@pytest.fixture
def old_photo(tmp_path: Path) -> Path:
    """70 pixels wide and 50 high, with a camera's name."""
    exif = Image.Exif()
    exif[0x010F] = "Box camera"
    Image.fromarray(picture(50, 70)).save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def heirloom(*arguments: object) -> int:
    """The exit status, as a shell would see it."""
    try:
        return cli.main(["restore", *map(str, arguments), "--threads", "1"])
    except SystemExit as end:
        return int(end.code or 0)


def records(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        ([], (70, 50), {"preset": "heirloom", "hr": False, "scratches": "auto"}),
        (["--preset", "published"], (64, 48), {"preset": "published", "scratches": "auto"}),
        (["--preset", "published", "--scratches", "off"], (72, 48), {"scratches": "off"}),
    ],
)
def test_the_command_restores_a_photo(
    options: list[str],
    size: tuple[int, int],
    expected: dict[str, Any],
    old_photo: Path,
    folder: Path,
    tmp_path: Path,
) -> None:
    out, report = tmp_path / "out.jpg", tmp_path / "report.jsonl"
    torch_ones = ("--runtime", "torch", "--weights", folder)
    assert heirloom(old_photo, "-o", out, "--report", report, *torch_ones, *options) == 0
    with Image.open(out) as image:
        assert image.size == size
        assert image.getexif()[0x010F] == "Box camera"
    [record] = records(report)
    assert record["options"].items() >= (expected | {"runtime": "torch"}).items()
    assert record["megapixels"] == size[0] * size[1] / 1e6
    assert record["done"][-1] == "restored by the reference networks"
    before = np.asarray(Image.open(old_photo).resize(size)).astype(int)
    assert np.abs(np.asarray(Image.open(out)) - before).mean() > 5


def test_a_folder_is_resumed_and_restored_anew_with_another_preset(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for index in range(2):
        Image.fromarray(picture(20, 30 + index)).save(tmp_path / "in" / f"{index}.png")
    arguments = (tmp_path / "in", "-o", tmp_path / "out", "--runtime", "torch", "--weights", folder)
    for options, expected in (
        ((), "2 restored, 0 skipped"),
        ((), "0 restored, 2 skipped"),
        (("--preset", "published"), "2 restored, 0 skipped"),
        (("--preset", "published", "--device", "cpu"), "0 restored, 2 skipped"),
    ):
        assert heirloom(*arguments, *options) == 0
        assert expected in capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], status: int, words: str) -> None:
    shown = capsys.readouterr().err
    assert status == 1
    assert words in shown
    assert shown.count("\n") == 1
    assert "bug" not in shown


def test_the_high_resolution_mapping_that_was_not_imported_is_named(
    old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jpg"
    status = heirloom(old_photo, "-o", out, "--runtime", "torch", "--weights", folder, "--hr")
    refused(capsys, status, "has no mapping_hr")
    assert not out.exists()


@pytest.mark.parametrize(
    "device",
    [
        "nonsense",
        "meta",
        "privateuseone",
        pytest.param("cuda", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")),
    ],
)
def test_a_device_that_is_not_there_is_named(
    device: str, old_photo: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jpg"
    arguments = (old_photo, "-o", out, "--runtime", "torch", "--weights", folder, "--device", device)
    refused(capsys, heirloom(*arguments), f"cannot use the device {device!r} here")
    assert not out.exists()


def test_a_folder_without_weights_is_named(
    old_photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out.jpg"
    status = heirloom(old_photo, "-o", out, "--runtime", "torch", "--weights", tmp_path / "empty")
    refused(capsys, status, "holds no imported weights")
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--weights", "WEIGHTS"],
        ["--runtime", "litert", "--weights", "WEIGHTS"],
        ["--device", "cpu"],
        ["--preset", "published"],
        ["--hr"],
        ["--runtime", "torch"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--bundle", "WEIGHTS"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--precision", "int8"],
        ["--runtime", "torch", "--weights", "WEIGHTS", "--preset", "nonsense"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_wrong_usage(
    options: list[str], old_photo: Path, folder: Path, tmp_path: Path
) -> None:
    given = [folder if option == "WEIGHTS" else option for option in options]
    assert heirloom(old_photo, "-o", tmp_path / "out.jpg", *given) == 2
    assert list(tmp_path.iterdir()) == [old_photo]
