"""Memory and failures: a photo is refused before a pixel changes, and nothing is left for the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge.bundle.bundle import open_bundle
from edge.errors import MemoryBudgetExceeded, MissingArtifact, NetworkFailed
from edge.restore import restorer as pipeline
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.budget import Demand
from edge.restore.tiles.parts import LoadedPart, load_part
from tests.edge.small_pictures import detecting, painted_mask, photo, picture, restored


def test_too_little_memory_is_refused_before_pixels_change(tiny_bundle: Path) -> None:
    given = photo(pixels := picture(64, 48))
    with pytest.raises(MemoryBudgetExceeded, match="48x64"):
        Restorer(open_bundle(tiny_bundle), max_memory=50 << 20).restore(given)
    np.testing.assert_array_equal(given.pixels, pixels)


def test_what_is_held_is_what_the_budget_counts(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alpha too, and no latent where only the damage is filled."""
    asked: list[Demand] = []
    monkeypatch.setattr(pipeline.budget, "check", lambda limit, demand: asked.append(demand))
    given = photo(picture(40, 33, np.uint16), picture(40, 33, np.uint16, colours=0))
    for fill_only in (False, True):
        options = Options(scratches=painted_mask(tmp_path, (40, 33)), fill_only=fill_only)
        Restorer(open_bundle(tiny_bundle)).restore(given, options)
    whole, filled = asked
    assert whole.latent is not None and whole.latent.role == "latent" and filled.latent is None
    assert whole.other_bytes == filled.other_bytes == 2 * 40 * 33


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
            from edge.restore.tiles import parts

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
