"""Masks, found damage and its filling, and what is reported of the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from edge.bundle.bundle import open_bundle
from edge.errors import PhotoError
from edge.restore import restorer as pipeline
from edge.restore import tone
from edge.restore.damage import mask as damage
from edge.restore.damage.fill import push_pull
from edge.restore.faces.face import in_box
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.parts import LoadedPart
from edge.restore.tiles.tiling import Box
from tests.edge.small_pictures import (
    LARGE,
    SIZES,
    STRENGTH,
    detecting,
    distance,
    painted_mask,
    photo,
    picture,
    restored,
    scratches,
    with_tiles,
)


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
    rest = restorer.usage.macs - detection - restorer._part("tone").cost(Box(0, 0, 64, 64))
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


def test_all_faces_are_told_to_the_detector_s_rules(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small; the detector's rules get their boxes in pixels of what it saw."""
    asked, reported = [], []

    def finder(*arguments: Any) -> Any:
        asked.append(arguments)
        return [in_box(21, 11, 40, 50)]

    def mask(levels: Any, seen: Any, areas: Any, rule: Any) -> Any:
        reported.append(areas())
        return np.zeros(levels.shape, bool)

    monkeypatch.setattr(pipeline, "find_faces", finder)
    monkeypatch.setattr(pipeline, "damage_mask", mask)
    given = photo(picture(*LARGE))
    restorer = detecting(tiny_bundle, LARGE)
    assert restorer.find_damage(given) is None
    assert reported == [[tuple(side // 2 for side in in_box(21, 11, 40, 50).box)]]
    assert asked[0][-1] == 0  # the least width
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
