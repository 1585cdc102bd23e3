"""The bundle that ships: same result however it is tiled, within its memory, for every kind of photo."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from edge.bundle.bundle import open_bundle
from edge.commands.bench import command as bench
from edge.commands.bundle import command as bundle
from edge.commands.restore import command as restore
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo
from edge.restore.faces.face import MIN_WIDTH
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.runtimes.selftest import self_test
from tests.edge.photo.hostile import make_hostile_photos

TILED = ("encoder", "mapper", "mapper_global", "decoder", "scratch", "finder")
LEVELS = 65535

# How photos of these sizes come out, by each of the three tile sizes alone and by the planner's choice.
SMALL = [(1, 1), (3, 700), pytest.param((641, 479), marks=pytest.mark.slow)]
LARGE = [(1999, 1501), (4000, 3000)]


def old_photo(height: int, width: int) -> NDArray[np.uint8]:
    """Gradients, texture, grain and a few bright scratches."""
    rng = np.random.default_rng(height)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    base = 120 + 60 * np.sin(x / 37) * np.cos(y / 51)
    photo = np.stack([base, base * 0.9 + 10, base * 0.7 + 25], axis=-1)
    photo += rng.normal(0, 18, photo.shape).astype(np.float32)
    for index in range(1, 6):
        course = (width * index / 6 + 15 * np.sin(np.arange(height) / 40 + index)).astype(int)
        for offset in range(3):
            photo[np.arange(height), np.clip(course + offset, 0, width - 1)] = 235
    return np.clip(photo, 0, 255).astype(np.uint8)


@cache
def restorer(precision: Literal["int8", "float32"], tile: int | None) -> Restorer:
    """The shipped bundle, offering all its tile sizes or only one of them."""
    bundle = open_bundle()
    if tile is not None:
        parts = dict(bundle.manifest.parts)
        for name in TILED:
            artifacts = [
                _structs_replace(artifact, tiles=[artifact.tiles[min(tile, len(artifact.tiles) - 1)]])
                for artifact in parts[name].artifacts
            ]
            parts[name] = _structs_replace(parts[name], artifacts=artifacts)
        bundle = replace(bundle, manifest=_structs_replace(bundle.manifest, parts=parts))
    return Restorer(bundle, precision=precision, threads=2)


def _structs_replace(struct, **changes):  # type: ignore[no-untyped-def]
    import msgspec

    return msgspec.structs.replace(struct, **changes)


def check_tiles(shape: tuple[int, int], precision: Literal["int8", "float32"], mask: Path | None) -> None:
    pixels = old_photo(*shape)
    if precision == "float32":
        pixels = pixels.astype(np.uint16) * 257  # 16 bits show what 8 would round away
    options = Options(scratches=mask or "off")
    expected: NDArray[np.int64] | None = None
    for tile in (None, 0, 1, 2):
        photo = Photo(pixels.copy(), None, Metadata("PNG"))
        got = restorer(precision, tile).restore(photo, options).photo.pixels.astype(np.int64)
        if expected is None:
            expected = got
            # A single pixel may be as it should be.
            assert (got != pixels).any() or shape == (1, 1)
        elif precision == "int8":
            np.testing.assert_array_equal(got, expected)
        else:
            assert np.abs(got - expected).max() <= 1e-4 * LEVELS


@pytest.fixture
def painted(tmp_path: Path) -> Path:
    return tmp_path / "mask.png"


def paint(path: Path, shape: tuple[int, int]) -> Path:
    mask = np.zeros(shape, np.uint8)
    mask[:, :: max(2, shape[1] // 6)] = 255
    Image.fromarray(mask).save(path)
    return path


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize("shape", SMALL)
@pytest.mark.parametrize("scratched", [False, True])
def test_tiles_do_not_show(
    shape: tuple[int, int], precision: Literal["int8", "float32"], scratched: bool, painted: Path
) -> None:
    check_tiles(shape, precision, paint(painted, shape) if scratched else None)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("scratched", [False, True])
def test_tiles_do_not_show_on_large_photos(
    shape: tuple[int, int], precision: Literal["int8", "float32"], scratched: bool, painted: Path
) -> None:
    check_tiles(shape, precision, paint(painted, shape) if scratched else None)


def test_the_threads_do_not_show() -> None:
    pixels = old_photo(300, 420)
    results = [
        Restorer(open_bundle(), threads=threads).restore(Photo(pixels.copy(), None, Metadata("PNG")))
        for threads in (1, 2)
    ]
    np.testing.assert_array_equal(results[0].photo.pixels, results[1].photo.pixels)


def test_the_golden_vectors_hold_on_this_machine() -> None:
    results = self_test(open_bundle(), must_pass=True)
    assert {result.part for result in results} == {"tone", "face", *TILED}


def group(columns: int = 5, rows: int = 4, side: int = 180) -> NDArray[np.uint8]:
    """A group photo: the astronaut in every place, of many sizes, turned by up to 30 degrees."""
    portrait = Image.fromarray(data.astronaut()[:300, 80:380])
    photo = Image.new("RGB", (columns * side, rows * side), (90, 80, 70))
    for index in range(columns * rows):
        turned = portrait.rotate(-30 + 60 * index / (columns * rows - 1), Image.Resampling.BICUBIC)
        size = side * 3 // 4 + index * side // 80
        photo.paste(turned.resize((size, size)), (index % columns * side, index // columns * side))
    return np.asarray(photo)


@pytest.mark.slow
def test_every_face_of_a_group_is_found_once_and_refined() -> None:
    pixels = group()
    photo = Photo(pixels.copy(), None, Metadata("PNG"))
    found = restorer("int8", None).find_faces(photo, min_width=0)
    places = {tuple((face.points.mean(0) // 180).astype(int)) for face in found}
    assert len(found) == len(places) == 20
    plain = restorer("int8", None).restore(
        Photo(pixels.copy(), None, Metadata("PNG")), Options(faces="off")
    )
    large = [face for face in found if face.width >= MIN_WIDTH]
    result = restorer("int8", None).restore(photo)
    assert len(result.faces) == len(large) and any(record.refined for record in result.faces)
    assert not np.array_equal(result.photo.pixels, plain.photo.pixels)


@pytest.mark.parametrize("name", ["coffee", "rocket", "brick", "chelsea"])
def test_no_face_is_found_where_none_is(name: str) -> None:
    pixels = getattr(data, name)()
    photo = Photo(np.ascontiguousarray(pixels), None, Metadata("PNG"))
    assert restorer("int8", None).find_faces(photo, min_width=0) == []


def test_the_finders_tiles_do_not_show() -> None:
    photo = Photo(group(), None, Metadata("PNG"))
    first, *others = (
        [face.points for face in restorer("int8", tile).find_faces(photo)] for tile in (None, 0, 1, 2)
    )
    assert first and all(np.array_equal(first, other) for other in others)


def test_the_detector_tells_damage_from_the_picture() -> None:
    """The bright lines of the test photo look damaged, and little else does."""
    pixels = old_photo(480, 640)
    levels = restorer("int8", None).damage_probability(pixels)
    drawn = (pixels == 235).all(axis=2)
    assert levels[drawn].mean() > 3 * levels[~drawn].mean()


def peak_megabytes(folder: Path, megapixels: int) -> float:
    """Peak memory of the whole command on a JPEG of that size, its damage looked for, and given."""
    side = (3000, 4000) if megapixels == 12 else (6000, 8000)
    photo = folder / "photo.jpg"
    # Enlarged, so that the scratches are as wide as on a scan of that size.
    tile = old_photo(side[0] // 4, side[1] // 4)
    Image.fromarray(tile.repeat(4, axis=0).repeat(4, axis=1)).save(photo, quality=92)
    mask = folder / "mask.png"
    Image.fromarray(((np.arange(side[1]) % 400 < 12) * np.ones((side[0], 1)) * 255).astype(np.uint8)).save(
        mask
    )
    peaks = []
    for scratches in ("auto", str(mask)):
        report = folder / "report.jsonl"
        arguments = [str(photo), "-o", str(folder / "out.jpg"), "--report", str(report), "--threads", "2"]
        heirloom = "import sys; from edge.commands.main import main; sys.exit(main())"
        command = [sys.executable, "-c", heirloom, "restore", *arguments, "--scratches", scratches]
        subprocess.run(command, check=True)
        record = json.loads(report.read_text().splitlines()[-1])
        peaks.append(float(record["peak_memory"]) / 1e6)
    assert any("damage" in step for step in record["done"])
    return max(peaks)


@pytest.mark.slow
@pytest.mark.parametrize(("megapixels", "limit"), [(12, 400), (48, 900)])
def test_memory_stays_within_its_bound(tmp_path: Path, megapixels: int, limit: float) -> None:
    assert peak_megabytes(tmp_path, megapixels) <= limit


@pytest.mark.slow
def test_hostile_files_are_restored_or_refused(tmp_path: Path) -> None:
    """All in one run of the real command: nothing crashes, nothing half-written is left."""
    (tmp_path / "in").mkdir()
    files = make_hostile_photos(tmp_path / "in")
    assert len(files) >= 40
    out = tmp_path / "out"
    result = CliRunner().invoke(
        restore, [*map(str, (f.path for f in files if f.path.exists())), "-o", str(out)]
    )
    assert result.exit_code == 1, result.output
    records = [json.loads(line) for line in (out / "heirloom-report.jsonl").read_text().splitlines()]
    records = [record for record in records if "phase" not in record]
    outcomes = {Path(record["input"]).name: record.get("error") for record in records}
    for file in files:
        if file.path.name in outcomes:
            error = outcomes[file.path.name]
            expected = file.error.__name__ if file.error else None
            assert (error["type"] if error else None) == expected, file.path.name
    written = {path.name for path in out.iterdir() if path.name != "heirloom-report.jsonl"}
    assert written == {Path(record["output"]).name for record in records if not record.get("error")}


@pytest.mark.slow
def test_the_bench_runs_on_the_shipped_bundle() -> None:
    result = CliRunner().invoke(bench, ["--megapixels", "1", "--runs", "1", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)


def test_every_network_of_it_is_listed() -> None:
    """Core ML packages are folders, of which the manifest lists the files."""
    reported = CliRunner().invoke(bundle, ["show", "--gates"])
    assert reported.exit_code == 0, reported.output
    for network in ("tone coreml float16", "scratch coreml int8", "decoder litert int8"):
        assert network in reported.output
