"""The pipeline: tiled equals whole, and pixels are respected (laws 1, 3, 7 and 8)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Detection, PartName, Precision
from edge.errors import MemoryBudgetExceeded, MissingArtifact, NetworkFailed, PhotoError
from edge.photo.photo import Metadata, Photo
from edge.restore import restorer as pipeline
from edge.restore import tone
from edge.restore.cells import shrink
from edge.restore.damage import mask as damage
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage
from edge.restore.faces.face import in_box
from edge.restore.hue import one_hue
from edge.restore.options import Options
from edge.restore.parts import LoadedPart, load_part
from edge.restore.restorer import Restorer
from edge.restore.tiling import Box, Placement, cut

DETECTION = Detection(largest_side=90, smallest_side=40, high=150, low=100, thick_mean=0, thick_spread=255)
"""With it the random detector finds some damage, and not everything; for it, photos of more than 90 pixels
are halved."""
LARGE = (101, 83)
SIZES: dict[tuple[int, int], dict[str, int]] = {
    (1, 1): {},
    (3, 70): {"high": 107, "low": 104},
    (64, 48): {"high": 130, "low": 110},
    LARGE: {"high": 143, "low": 120},
}
"""Photos, and what else of the detection they need."""
STRENGTH = 0.2
"""The tiny networks change a photo wildly: more strength would clip most of it, and hide differences."""
FULL = {np.uint8: 255, np.uint16: 65535}


def picture(height: int, width: int, dtype: Any = np.uint8, colours: int = 3) -> NDArray[Any]:
    """Smooth with grain, a different one for each size; gray without ``colours``."""
    rng = np.random.default_rng(height * 1000 + width)
    down, across = np.mgrid[:height, :width]
    light = 0.5 + 0.2 * np.sin(down / 9) * np.cos(across / 7)
    shape = (height, width, colours) if colours else (height, width)
    values = (light[..., None] if colours else light) + rng.normal(0, 0.05, shape)
    return (np.clip(values, 0, 1) * FULL[dtype]).astype(dtype)


def photo(pixels: NDArray[Any], alpha: NDArray[Any] | None = None) -> Photo:
    return Photo(pixels.copy(), alpha, Metadata("PNG"))


def with_tiles(bundle: Bundle, index: int | None, **detection: int) -> Bundle:
    """The bundle with one of its tile sizes only, or all, and a detection for its random detector."""
    rule = msgspec.structs.replace(DETECTION, **detection)
    manifest = msgspec.structs.replace(bundle.manifest, detection=rule)
    if index is None:
        return replace(bundle, manifest=manifest)
    parts = {}
    for name, part in bundle.manifest.parts.items():
        artifacts = [
            msgspec.structs.replace(a, tiles=[a.tiles[min(index, len(a.tiles) - 1)]])
            for a in part.artifacts
        ]
        parts[name] = msgspec.structs.replace(part, artifacts=artifacts)
    return replace(bundle, manifest=msgspec.structs.replace(manifest, parts=parts))


def restored(
    folder: Path,
    pixels: NDArray[Any],
    options: Options | None = None,
    *,
    tiles: int | None = None,
    detection: dict[str, int] | None = None,
    **settings: Any,
) -> NDArray[Any]:
    restorer = Restorer(with_tiles(open_bundle(folder), tiles, **detection or {}), **settings)
    return restorer.restore(photo(pixels), options or Options()).photo.pixels


def detecting(folder: Path, size: tuple[int, int], precision: Precision = "int8") -> Restorer:
    """A restorer that finds damage in the picture of that size."""
    return Restorer(with_tiles(open_bundle(folder), None, **SIZES[size]), precision=precision)


def painted_mask(folder: Path, shape: tuple[int, int]) -> Path:
    """A mask with a vertical scratch and a spot; all of a tiny photo, which counts as none."""
    mask = np.zeros(shape, np.uint8)
    mask[:, shape[1] // 3 : shape[1] // 3 + 2] = 255
    mask[shape[0] // 2 :, -4:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder / "mask.png"


def scratches(kind: str, folder: Path, shape: tuple[int, int]) -> Any:
    return painted_mask(folder, shape) if kind == "mask" else kind


def distance(a: NDArray[Any], b: NDArray[Any]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def every_tiling(
    bundle: Path, folder: Path, size: tuple[int, int], kind: str, dtype: Any, precision: Precision
) -> list[NDArray[Any]]:
    """The photo restored with all tile sizes together, and with each alone."""
    options = Options(strength=STRENGTH, scratches=scratches(kind, folder, size))
    pixels = picture(*size, dtype)
    settings: dict[str, Any] = {"detection": SIZES[size], "precision": precision}
    found = [restored(bundle, pixels, options, tiles=tiles, **settings) for tiles in (None, 0, 1)]
    assert (found[0].shape, found[0].dtype) == (pixels.shape, pixels.dtype)
    # Else there would be nothing to compare.
    if kind == "auto" and size != (1, 1):  # all of one pixel is damaged, or nothing
        assert detecting(bundle, size, precision).find_damage(photo(pixels)) is not None
    assert distance(found[0], pixels) > FULL[dtype] / 50
    assert ((found[0] > 0) & (found[0] < FULL[dtype])).mean() > 0.6
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "auto", "mask"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_float_is_the_same_for_every_tile(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str, dtype: Any
) -> None:
    together, *alone = every_tiling(tiny_bundle, tmp_path, size, kind, dtype, "float32")
    for other in alone:
        assert distance(together, other) <= (1 if dtype == np.uint8 else 2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "auto", "mask"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_int8_bits_are_the_same_for_every_tile(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str, dtype: Any
) -> None:
    together, *alone = every_tiling(tiny_bundle, tmp_path, size, kind, dtype, "int8")
    for other in alone:
        np.testing.assert_array_equal(together, other)


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_threads_do_not_matter(tiny_bundle: Path, precision: Precision) -> None:
    pixels, size = picture(101, 83, np.uint16), (101, 83)
    one, two = (
        restored(
            tiny_bundle,
            pixels,
            Options(strength=STRENGTH),
            threads=count,
            precision=precision,
            detection=SIZES[size],
        )
        for count in (1, 2)
    )
    assert distance(one, two) <= (0 if precision == "int8" else 2)


def test_the_tone_is_computed_on_one_thread(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How float sums are split must not decide a level of the whole photo."""
    asked: dict[str, int] = {}

    def spy(bundle: Bundle, name: PartName, precision: Precision, threads: int, *rest: Any) -> LoadedPart:
        asked[name] = threads
        return load_part(bundle, name, precision, threads, *rest)

    monkeypatch.setattr(pipeline, "load_part", spy)
    restored(tiny_bundle, picture(3, 70), threads=2)
    assert asked.pop("tone") == 1
    assert set(asked.values()) == {2}


def whole_in_torch(pixels: NDArray[Any], mask: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Without tiles: mirror the filled photo far enough and run each network once. At STRENGTH, 0..1."""
    torch = pytest.importorskip("torch")
    from convert.mobile.nets.blocks import to_cells, to_pixels
    from convert.mobile.nets.restorer import CONTEXT_SIDE, pool_context
    from tests.edge.bundles import networks

    nets = networks()
    restorer = nets.restorer.eval()
    full = np.iinfo(pixels.dtype).max
    height, width = pixels.shape[:2]
    toned = pixels.copy()
    if mask is not None:
        push_pull(toned, Damage(mask, 1), STRENGTH)
    small = shrink(toned, 1)
    gray = one_hue(small)
    with torch.no_grad():
        seen = tone.thumbnail(small, 64)
        steps = nets.tone.eval()(torch.from_numpy(seen).permute(2, 0, 1)[None])[0].numpy()
        knots = tone.curves(steps)
        if gray:
            knots = np.repeat(knots.mean(0, keepdims=True), 3, axis=0)
        if tone.change(knots, small) >= tone.MIN_CHANGE:
            if gray:
                tone.apply_to_lightness(toned, knots[0], STRENGTH)
            else:
                tone.apply_curves(toned, knots, STRENGTH)
        margin = 24  # cells; more than all halos together
        rows, columns = -(-height // 4), -(-width // 4)
        box = Box(0, 0, rows, columns).grown(margin).scaled(4)

        def cells_of(plane: NDArray[Any]) -> Any:
            mirrored = np.ascontiguousarray(cut(plane, box)).astype(np.float32)
            return to_cells(torch.from_numpy(mirrored).permute(2, 0, 1)[None])

        eight_bit = np.round(toned / (full / 255)) / 255
        latent = restorer.encoder(cells_of(eight_bit))
        inner = (..., slice(margin, margin + rows), slice(margin, margin + columns))
        if mask is None:
            mapped = restorer.mapper(latent)
        else:
            damaged = cells_of(mask[..., None])
            context = pool_context(latent[inner], damaged[inner], CONTEXT_SIDE)
            mapped = restorer.mapper(latent, damaged, context)
        residual = to_pixels(restorer.decoder(mapped)[inner])[0].permute(1, 2, 0).numpy()
    if gray:
        residual = residual.mean(2, keepdims=True)
    out: NDArray[np.float64] = np.clip(toned / full + STRENGTH * residual[:height, :width], 0, 1)
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["off", "mask"])
def test_float_is_what_the_whole_photo_gives_in_torch(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    options = Options(strength=STRENGTH, scratches=scratches(kind, tmp_path, size))
    pixels = picture(*size, np.uint16)
    painted = Restorer(open_bundle(tiny_bundle)).find_damage(photo(pixels), options)
    mask = None if painted is None else painted.mask
    assert (mask is None) == (kind == "off" or size == (1, 1))
    found = restored(tiny_bundle, pixels, options, precision="float32")
    assert np.abs(found / 65535 - whole_in_torch(pixels, mask)).max() <= 3e-5


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_strength_the_photo_is_untouched(
    tiny_bundle: Path, precision: Precision, dtype: Any
) -> None:
    for colours in (0, 3):
        pixels = picture(40, 33, dtype, colours)
        found = restored(tiny_bundle, pixels, Options(strength=0), precision=precision)
        np.testing.assert_array_equal(found, pixels)


def test_half_the_strength_is_half_the_change(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tone, "MIN_CHANGE", 2.0)  # a change of tone would change what the networks see
    pixels = picture(40, 33)
    full, half = (
        restored(tiny_bundle, pixels, Options(strength=share, scratches="off")) for share in (0.2, 0.1)
    )
    inside = (full > 0) & (full < 255)
    change = (full.astype(int) - pixels)[inside]
    assert inside.mean() > 0.5 and np.abs(change).max() > 4
    assert np.abs(change / 2 - (half.astype(int) - pixels)[inside]).max() <= 1


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_stays_gray_unless_asked_otherwise(
    tiny_bundle: Path, precision: Precision, dtype: Any
) -> None:
    gray = picture(30, 41, dtype, colours=0)
    kept = restored(tiny_bundle, gray, Options(STRENGTH), precision=precision)
    assert (kept.shape, kept.dtype) == (gray.shape, gray.dtype)
    assert distance(kept, gray) > 0
    colour = restored(tiny_bundle, gray, Options(STRENGTH, keep_gray=False), precision=precision)
    assert (colour.shape, colour.dtype) == ((30, 41, 3), gray.dtype)
    assert distance(colour[..., 0], colour[..., 2]) > 0
    # A gray picture in a colour file: the same one.
    stored = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(
        restored(tiny_bundle, stored, Options(STRENGTH), precision=precision),
        np.repeat(kept[..., None], 3, axis=2),
    )


def test_a_gray_picture_in_a_colour_file_gets_no_tint(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the tone network would give each colour another curve."""
    knots = np.stack([np.linspace(0, 0.5, 9), np.linspace(0.1, 1, 9), np.linspace(0.2, 0.9, 9)])
    monkeypatch.setattr(tone, "curves", lambda steps: knots)
    stored = np.repeat(picture(30, 41, colours=0)[..., None], 3, axis=2)
    kept = restored(tiny_bundle, stored, Options(STRENGTH))
    assert distance(kept[..., 0], kept[..., 1]) == distance(kept[..., 0], kept[..., 2]) == 0
    tinted = restored(tiny_bundle, stored, Options(STRENGTH, keep_gray=False))
    assert distance(tinted[..., 0], tinted[..., 1]) > 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_toned_photo_keeps_its_hue(
    tiny_bundle: Path, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tone and residual move all colours of a pixel alike: sepia stays sepia."""
    monkeypatch.setattr(tone, "MIN_CHANGE", 0.0)
    ink = np.array((1.0, 0.85, 0.65))
    sepia = (picture(30, 41, dtype, colours=0)[..., None] * ink).astype(dtype)
    options = Options(STRENGTH, scratches="off")
    kept = restored(tiny_bundle, sepia, options)
    assert distance(kept, sepia) > FULL[dtype] / 50
    inside = ((kept > 0) & (kept < FULL[dtype])).all(axis=2)
    assert inside.mean() > 0.5
    for one, other in ((0, 1), (1, 2)):
        before, after = (x[..., one].astype(int) - x[..., other] for x in (sepia, kept))
        np.testing.assert_array_equal(after[inside], before[inside])
    tinted = restored(tiny_bundle, sepia, replace(options, keep_gray=False))
    assert distance(tinted[..., 0] - tinted[..., 1], sepia[..., 0] - sepia[..., 1]) > 0


def test_colour_and_alpha_are_kept(tiny_bundle: Path) -> None:
    for dtype in (np.uint8, np.uint16):
        pixels, alpha = picture(20, 30, dtype), picture(20, 30, dtype, colours=0)
        given = photo(pixels, alpha.copy())
        found = Restorer(open_bundle(tiny_bundle)).restore(given, Options(STRENGTH)).photo
        assert found.alpha is not None
        np.testing.assert_array_equal(found.alpha, alpha)
        assert found.alpha.dtype == found.pixels.dtype == dtype
        assert found.metadata is given.metadata
        assert distance(found.pixels[..., 0], found.pixels[..., 2]) > 0


@pytest.mark.parametrize("fill_only", [False, True])
@pytest.mark.parametrize("kind", ["off", "auto", "mask"])
@pytest.mark.parametrize("size", SIZES)
def test_progress_rises_to_one(
    tiny_bundle: Path, tmp_path: Path, size: tuple[int, int], kind: str, fill_only: bool
) -> None:
    options = Options(scratches=scratches(kind, tmp_path, size), fill_only=fill_only)
    shares: list[float] = []
    detecting(tiny_bundle, size).restore(photo(picture(*size)), options, shares.append)
    assert shares == sorted(shares)
    assert shares[0] > 0 and shares[-1] == 1


def test_progress_covers_the_detector_s_tiles_too(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by its cost: as much of the work is told as done when the last of them is."""
    ran: list[str] = []
    run = LoadedPart.run

    def spy(self: LoadedPart, *arguments: Any) -> Any:
        ran.append(self.name)
        return run(self, *arguments)

    monkeypatch.setattr(LoadedPart, "run", spy)
    shares: list[float] = []
    restorer = Restorer(with_tiles(open_bundle(tiny_bundle), 0, high=255))  # finds nothing
    restorer.restore(photo(picture(*LARGE)), Options(faces="off"), shares.append)
    tiles = ran.count("scratch")
    assert tiles > 1 and len(shares) == len(ran) - ran.count("tone")
    restorer.usage.macs = 0
    restorer.find_damage(photo(picture(*LARGE)))
    detection = restorer.usage.macs
    restorer.restore(photo(picture(*LARGE)), Options(scratches="off", faces="off"))
    rest = restorer.usage.macs - detection - restorer._part("tone").cost(Placement(Box(0, 0, 1, 1), 0))
    assert shares[tiles - 1] == pytest.approx(detection / (detection + rest))


def test_what_was_done_is_told(tiny_bundle: Path, tmp_path: Path) -> None:
    restorer = Restorer(open_bundle(tiny_bundle))
    mask = painted_mask(tmp_path, (40, 33))
    percent = 100 * damage.read_mask(mask, (40, 33)).share
    done = restorer.restore(photo(picture(40, 33)), Options(scratches=mask)).done
    assert done[0] == f"damage on {percent:.1f} % of the photo filled"
    assert done[-1] == "restored"
    for options in (Options(scratches="off"), Options(strength=0, scratches=mask)):
        done = restorer.restore(photo(picture(40, 33)), options).done
        assert not any("damage" in word for word in done)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_filling_only_runs_no_other_network(tiny_bundle: Path, tmp_path: Path, strength: float) -> None:
    mask, pixels = painted_mask(tmp_path, (40, 33)), picture(40, 33, np.uint16)
    restorer = Restorer(open_bundle(tiny_bundle))
    result = restorer.restore(photo(pixels), Options(strength, mask, fill_only=True))
    expected = pixels.copy()
    push_pull(expected, damage.read_mask(mask, (40, 33)), strength)
    np.testing.assert_array_equal(result.photo.pixels, expected)
    assert distance(expected, pixels) > 0
    assert len(result.done) == 1 and "filled" in result.done[0]
    assert result.faces == () and restorer.usage.macs == 0


def test_what_is_found_is_what_is_filled(tiny_bundle: Path) -> None:
    pixels = picture(*LARGE)
    restorer = detecting(tiny_bundle, LARGE)
    found = restorer.find_damage(photo(pixels))
    assert found is not None and found.factor == 2 and 0.05 < found.share < 0.9
    filled = restorer.restore(photo(pixels), Options(fill_only=True))
    differ = (filled.photo.pixels != pixels).any(axis=2)
    full = found.rows(0, LARGE[0], LARGE)
    assert not differ[~full].any() and differ[full].mean() > 0.9
    assert filled.done == (f"damage on {100 * found.share:.1f} % of the photo filled",)
    for result in (filled, restorer.restore(photo(pixels), Options(faces="off"))):
        assert result.damage is not None and result.damage.factor == 2
        np.testing.assert_array_equal(result.damage.mask, found.mask)
    # Nothing is sure enough: as without looking.
    unsure = Restorer(with_tiles(open_bundle(tiny_bundle), None, high=255))
    assert unsure.find_damage(photo(pixels)) is None
    nothing = unsure.restore(photo(pixels), Options(fill_only=True))
    assert nothing.done == () and nothing.damage is None


def test_faces_are_looked_for_where_there_may_be_damage(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small; the detector's rules get their boxes in pixels of what it saw."""
    asked, reported = [], []

    def finder(*arguments: Any) -> Any:
        asked.append(arguments)
        return [in_box(21, 11, 40, 50)]

    def mask(levels: Any, seen: Any, areas: Any, rule: Any) -> Any:
        reported.append(areas)
        return np.zeros(levels.shape, bool)

    monkeypatch.setattr(pipeline, "find_faces", finder)
    monkeypatch.setattr(pipeline, "damage_mask", mask)
    given = photo(picture(*LARGE))
    restorer = detecting(tiny_bundle, LARGE)
    assert restorer.find_damage(given) is None
    assert reported == [[tuple(side // 2 for side in in_box(21, 11, 40, 50).box)]]
    assert asked[0][-1] == 0  # the least width
    Restorer(with_tiles(open_bundle(tiny_bundle), None, high=255)).find_damage(given)
    assert len(asked) == len(reported) == 1
    manifest = restorer.bundle.manifest
    parts = {name: part for name, part in manifest.parts.items() if name != "finder"}
    restorer.bundle = replace(restorer.bundle, manifest=msgspec.structs.replace(manifest, parts=parts))
    restorer.find_damage(given)
    assert len(asked) == 1 and reported[-1] == []


def test_a_mask_changes_what_it_covers(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = picture(101, 83)
    plain = restored(tiny_bundle, pixels, Options(STRENGTH, "off"))
    monkeypatch.setattr(tone, "MIN_CHANGE", 2.0)  # the whole photo's tone depends on the mask
    toneless, masked = (
        restored(tiny_bundle, pixels, Options(STRENGTH, kind), precision="float32")
        for kind in ("off", painted_mask(tmp_path, (101, 83)))
    )
    covered = damage.read_mask(tmp_path / "mask.png", (101, 83)).mask
    differ = (toneless != masked).any(axis=2)
    assert differ[covered].mean() > 0.5
    assert not differ[:15, 64:].any()  # far from it nothing changes
    monkeypatch.undo()
    # Neither where nothing is masked nor where all is can anything be filled.
    for level in (0, 255):
        Image.fromarray(np.full((101, 83), level, np.uint8)).save(tmp_path / "mask.png")
        options = Options(STRENGTH, tmp_path / "mask.png")
        result = Restorer(open_bundle(tiny_bundle)).restore(photo(pixels), options)
        np.testing.assert_array_equal(result.photo.pixels, plain)
        assert result.damage is None and not any("damage" in word for word in result.done)


def test_a_mask_that_does_not_fit_is_refused_before_pixels_change(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    given = photo(pixels := picture(20, 30))
    options = Options(scratches=painted_mask(tmp_path, (30, 20)))
    with pytest.raises(PhotoError, match="20x30"):
        Restorer(open_bundle(tiny_bundle)).restore(given, options)
    np.testing.assert_array_equal(given.pixels, pixels)


def test_too_little_memory_is_refused_before_pixels_change(tiny_bundle: Path) -> None:
    given = photo(pixels := picture(64, 48))
    with pytest.raises(MemoryBudgetExceeded, match="48x64"):
        Restorer(open_bundle(tiny_bundle), max_memory=50 << 20).restore(given)
    np.testing.assert_array_equal(given.pixels, pixels)


def test_what_is_held_is_what_the_budget_counts(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alpha too, and no latent where only the damage is filled."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pipeline.budget, "check", lambda *arguments: asked.append(arguments))
    given = photo(picture(40, 33, np.uint16), picture(40, 33, np.uint16, colours=0))
    for fill_only in (False, True):
        options = Options(scratches=painted_mask(tmp_path, (40, 33)), fill_only=fill_only)
        Restorer(open_bundle(tiny_bundle)).restore(given, options)
    (_, _, _, latent, _, alpha), (_, _, _, none, _, also) = asked
    assert latent.role == "latent" and none is None
    assert alpha == also == 2 * 40 * 33


def test_without_the_network_for_damage_no_pixel_is_changed(tiny_bundle: Path, tmp_path: Path) -> None:
    restorer = Restorer(open_bundle(tiny_bundle))
    manifest = restorer.bundle.manifest
    parts = {name: part for name, part in manifest.parts.items() if name != "mapper_global"}
    restorer.bundle = replace(restorer.bundle, manifest=msgspec.structs.replace(manifest, parts=parts))
    given = photo(pixels := picture(40, 33))
    mask = painted_mask(tmp_path, (40, 33))
    with pytest.raises(MissingArtifact, match="mapper_global"):
        restorer.restore(given, Options(scratches=mask))
    np.testing.assert_array_equal(given.pixels, pixels)
    assert "filled" in restorer.restore(given, Options(scratches=mask, fill_only=True)).done[0]


def test_while_the_detector_runs_no_other_network_is_held(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tiles are the largest: it leaves before the others come, also those of the next photo."""
    loaded: list[LoadedPart] = []
    runs: list[tuple[str, set[str]]] = []

    def load(*arguments: Any) -> LoadedPart:
        loaded.append(load_part(*arguments))
        return loaded[-1]

    run = LoadedPart.run

    def spy(self: LoadedPart, *arguments: Any) -> Any:
        result = run(self, *arguments)
        runs.append((self.name, {part.name for part in loaded if part.networks}))
        return result

    monkeypatch.setattr(pipeline, "load_part", load)
    monkeypatch.setattr(LoadedPart, "run", spy)
    restorer = detecting(tiny_bundle, (64, 48))
    for _ in range(2):
        restorer.restore(photo(picture(64, 48)))
    assert sum(name == "decoder" for name, _ in runs) >= 2
    for name, held in runs:
        assert held == {"scratch"} if name == "scratch" else "scratch" not in held


def test_enough_memory_gives_the_same_photo(tiny_bundle: Path) -> None:
    pixels = picture(64, 48)
    np.testing.assert_array_equal(
        restored(tiny_bundle, pixels, max_memory=150 << 20), restored(tiny_bundle, pixels)
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["scratch", "tone", "encoder", "mapper", "decoder"])
def test_a_network_that_returns_no_number_is_an_error(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, part: str, bad: float
) -> None:
    class Broken:
        def __init__(self, network: Any) -> None:
            self.network = network

        def run(self, inputs: Any) -> Any:
            (output,) = self.network.run(inputs)
            output.flat[-1] = bad
            return [output]

    real = LoadedPart.run

    def run(self: LoadedPart, size: int, inputs: Any) -> Any:
        if self.name == part:
            from edge.restore import parts

            with monkeypatch.context() as patch:
                load = parts.load_network
                patch.setattr(parts, "load_network", lambda *a: Broken(load(*a)))
                return real(self, size, inputs)
        return real(self, size, inputs)

    monkeypatch.setattr(LoadedPart, "run", run)
    with pytest.raises(NetworkFailed, match=f"The {part} network"):
        kind: Any = "auto" if part == "scratch" else "off"
        restored(tiny_bundle, picture(20, 30), Options(scratches=kind), precision="float32")


def test_a_restorer_is_used_again(tiny_bundle: Path) -> None:
    """Nothing of one photo is left for the next."""
    restorer = Restorer(open_bundle(tiny_bundle))
    first = restorer.restore(photo(picture(64, 48))).photo.pixels
    restorer.restore(photo(picture(3, 70)))
    again = restorer.restore(photo(picture(64, 48))).photo.pixels
    np.testing.assert_array_equal(first, again)
    assert restorer.usage.macs > 0 and restorer.usage.seconds > 0
