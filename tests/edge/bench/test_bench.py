"""The bench: what it computes from its measurements, and that it runs end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from edge.bench import against as bench_against
from edge.bench import networks as bench
from edge.bench.made_up_photo import four_to_three, write_test_photo
from edge.bench.worker import Run
from edge.bundle.bundle import MANIFEST_NAME, Bundle, open_bundle
from edge.commands import bench as command_line
from edge.commands.options import parse_precisions
from edge.errors import HeirloomError, MissingArtifact
from edge.restore.tiles.parts import LoadedPart
from edge.restore.tiles.tiling import Placement


def test_a_spread_is_the_median_and_the_range() -> None:
    assert bench.spread([3.0, 1.0, 10.0]) == bench.Spread(3.0, 1.0, 10.0)
    assert bench.spread([2.0]) == bench.Spread(2.0, 2.0, 2.0)


def test_the_matrix_multiply_is_measured_when_asked() -> None:
    with bench.matmul_meter(threads=1, side=64) as meter:
        rates = [meter.rate() for _ in range(3)]
    assert all(1e7 < rate < 1e13 for rate in rates)
    assert len(set(rates)) > 1


def test_the_matrix_multiply_gets_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        bench,
        "_MATMUL",
        "import os, sys\nfor line in sys.stdin: print(os.environ['OPENBLAS_NUM_THREADS'], flush=True)",
    )
    with bench.matmul_meter(threads=7) as meter:
        assert meter.rate() == 7


class FixedMeter:
    def rate(self) -> float:
        return 8e9


@pytest.fixture
def fixed_times(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Networks that take a fixed number of seconds a cell, and a matrix multiply of 8 GMAC/s."""
    seconds = {"encoder": 1e-5, "mapper": 2e-5, "mapper_global": 4e-5, "decoder": 1e-5, "scratch": 3e-5}

    def run(self: LoadedPart, placement: Placement, inputs: Any) -> None:
        rows, columns = self.sizes()[placement.size]
        assert all(value.shape[:2] == (rows, columns) for value in inputs if value.ndim == 3)
        self.usage.seconds += seconds[self.name] * rows * columns

    class Meter:
        def __enter__(self) -> FixedMeter:
            return FixedMeter()

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(LoadedPart, "run", run)
    monkeypatch.setattr(bench, "matmul_meter", lambda threads, side: Meter())
    return seconds


def with_macs(bundle: Bundle, macs: dict[str, int]) -> Bundle:
    parts = {
        name: msgspec.structs.replace(part, macs_per_cell=macs.get(name, 0))
        for name, part in bundle.manifest.parts.items()
    }
    return Bundle(bundle.folder, msgspec.structs.replace(bundle.manifest, parts=parts), bundle.digest)


def test_rates_and_shares(tiny_bundle: Path, fixed_times: dict[str, float]) -> None:
    macs = {"encoder": 10_000, "mapper": 60_000, "mapper_global": 80_000, "decoder": 20_000}
    bundle = with_macs(open_bundle(tiny_bundle), macs)
    matmul, results = bench.bench_networks(bundle, ["int8", "float32"], threads=1, runs=2)
    assert matmul == bench.Spread(8.0, 8.0, 8.0)
    assert len(results) == 2 * (5 + 2)
    by_name = {result.name: result for result in results if result.precision == "int8"}
    encoder = by_name["encoder"]
    tile = max(open_bundle(tiny_bundle).manifest.parts["encoder"].artifacts[0].tiles, key=cells)
    assert encoder.tile == f"{tile.rows}x{tile.columns}"
    assert encoder.milliseconds is not None
    assert encoder.milliseconds.median == pytest.approx(cells(tile) * 1e-2)
    assert encoder.gmacs.median == pytest.approx(1.0)
    assert encoder.of_matmul.median == pytest.approx(1 / 8)
    # Of a path, all multiply-accumulates over all the time: no mean of rates.
    assert by_name["restore"].gmacs.median == pytest.approx(90_000 / 4e-5 / 1e9)
    assert by_name["restore, scratched"].gmacs.median == pytest.approx(110_000 / 6e-5 / 1e9)
    assert by_name["restore"].of_matmul.median == pytest.approx(90_000 / 4e-5 / 8e9)


def cells(tile: Any) -> int:
    return int(tile.rows * tile.columns)


def test_a_command_s_figures_come_from_its_attempts() -> None:
    def attempt(seconds: float, work: float, peak: int | None) -> dict[str, Any]:
        return {
            "seconds": seconds,
            "work": work,
            "restoring": 3.5,
            "networks": 3.0,
            "peak": peak,
            "done": ["restored"],
        }

    tries = [attempt(5.0, 4.0, 3 * 10**8), attempt(6.0, 5.0, 2 * 10**8), attempt(10.0, 4.0, 10**8)]
    result = bench.command_result("int8", tries, megapixels=12.0)
    assert result.seconds == bench.Spread(6.0, 5.0, 10.0)
    assert result.start_up == bench.Spread(1.0, 1.0, 6.0)
    assert result.megapixels_per_second.median == 2.0
    assert result.share == bench.Spread(0.5, 0.3, 0.6)
    assert result.share_without_start_up.high == 0.75
    assert result.peak_mb == bench.Spread(200.0, 100.0, 300.0)
    assert bench.command_result("int8", [attempt(1, 1, None)], 12.0).peak_mb is None


def test_the_test_photo_is_what_it_says(tmp_path: Path) -> None:
    write_test_photo(tmp_path / "a.jpg", four_to_three(0.48))
    write_test_photo(tmp_path / "b.jpg", four_to_three(0.48))
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (800, 600))
        pixels = np.asarray(image).astype(int)
    assert 60 < pixels.mean() < 190 and pixels.std() > 20  # neither flat
    assert np.abs(np.diff(pixels[..., 1], axis=1)).mean() > 3  # nor smooth
    assert (pixels > 220).any(axis=(1, 2)).mean() > 0.9  # and scratched from top to bottom


def test_the_smallest_test_photo(tmp_path: Path) -> None:
    write_test_photo(tmp_path / "a.jpg", four_to_three(1e-6))
    assert Image.open(tmp_path / "a.jpg").size == (1, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, ["int8", "float32"]), ("float32", ["float32"]), ("int8, float32,int8", ["int8", "float32"])],
)
def test_precisions(tiny_bundle: Path, text: str | None, expected: list[str]) -> None:
    assert parse_precisions(text, open_bundle(tiny_bundle)) == expected


def test_an_unknown_precision_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(typer.BadParameter, match="'int4' is none of float32, float16, int8"):
        parse_precisions("int8,int4", open_bundle(tiny_bundle))


def test_a_precision_that_the_bundle_lacks_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(MissingArtifact, match="float16"):
        bench.bench_networks(open_bundle(tiny_bundle), ["float16"], threads=1, runs=1, matmul_side=8)


def test_a_restoration_that_fails_says_why(tiny_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("paint")
    with pytest.raises(HeirloomError, match=r"a\.jpg"):
        bench.restore_once(Run(str(tmp_path / "a.jpg"), 1, bundle=str(tiny_bundle)))


@pytest.mark.parametrize("own_photo", [False, True])
def test_the_command_measures_and_prints(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_photo: bool
) -> None:
    monkeypatch.setattr(bench.bench_networks, "__defaults__", (64,))
    write_test_photo(tmp_path / "a.jpg", four_to_three(0.01))
    before = (tmp_path / "a.jpg").read_bytes()
    arguments = ["--bundle", str(tiny_bundle), "--runs", "1", "--threads", "1", "--precision", "int8"]
    if own_photo:
        result = CliRunner(env={"COLUMNS": "160"}).invoke(
            command_line.command, [str(tmp_path / "a.jpg"), *arguments]
        )
        assert result.exit_code == 0, result.output
        for word in ("matrix multiply", "mapper_global", "restore, scratched", "% in networks", "peak"):
            assert word in result.stdout
        assert sorted(tmp_path.iterdir()) == [tmp_path / "a.jpg"]
        assert (tmp_path / "a.jpg").read_bytes() == before
        return
    result = CliRunner().invoke(command_line.command, [*arguments, "--megapixels", "0.01", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["bundle"]["digest"] == open_bundle(tiny_bundle).digest
    assert found["photo"] == "made up, 0.01 megapixels"
    (restoration,) = found["restorations"]
    seconds = restoration["seconds"]["median"]
    assert 0 < restoration["networks"]["median"] < restoration["restoring"]["median"] < seconds
    assert 0 < restoration["share"]["median"] < restoration["share_without_start_up"]["median"] < 1
    assert 0 < restoration["start_up"]["median"] < seconds
    assert restoration["peak_mb"] is None or restoration["peak_mb"]["median"] > 20
    assert restoration["done"][-1] == "restored"
    assert {result["name"] for result in found["networks"]} == {*bench.PARTS, *bench.PATHS}


def test_no_bundle_is_a_typed_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(command_line.command, ["--bundle", str(tmp_path)])
    assert isinstance(result.exception, HeirloomError)
    assert MANIFEST_NAME in str(result.exception)


def test_a_comparison_takes_both_in_turns_and_divides_round_by_round(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[Run] = []

    def once(task: Run) -> dict[str, Any]:
        tasks.append(task)
        slow = 10.0 if task.reference else 1.0
        return {"seconds": slow * len(tasks), "restoring": slow, "peak": 10**8 * len(tasks)}

    monkeypatch.setattr(bench_against, "restore_once", once)
    without, scratched = bench_against.compare(open_bundle(tiny_bundle), None, Path("a.jpg"), 2, runs=2)
    assert [task.reference for task in tasks] == [False, True] * 4
    assert [task.scratches for task in tasks] == ["off"] * 4 + ["auto"] * 4
    assert (without.scratches, scratched.scratches) == (False, True)
    assert without.restoring_ratio == bench.Spread(10.0, 10.0, 10.0)
    assert without.seconds_ratio == bench.Spread(pytest.approx(50 / 3), pytest.approx(40 / 3), 20.0)
    assert without.mobile.peak_mb == bench.Spread(200.0, 100.0, 300.0)
    assert without.reference.seconds.low == 20.0


def test_the_comparison_is_printed(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def once(task: Run) -> dict[str, Any]:
        sizes.append(Image.open(task.photo).size)
        return {"seconds": 2.0, "restoring": 1.5 if task.reference else 0.5, "peak": None}

    monkeypatch.setattr(bench_against, "restore_once", once)
    arguments = ["--bundle", str(tiny_bundle), "--runs", "1", "--against", "reference"]
    result = CliRunner(env={"COLUMNS": "160"}).invoke(command_line.command, arguments)
    assert result.exit_code == 0, result.output
    assert "3.0 (3.0–3.0)" in result.stdout
    assert set(sizes) == {(512, 512)}
    result = CliRunner().invoke(command_line.command, [*arguments, "--json"])
    assert json.loads(result.stdout)[1]["restoring_ratio"]["median"] == 3.0


def test_weights_without_a_comparison_are_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    arguments = ["--bundle", str(tiny_bundle), "--weights", str(tmp_path)]
    assert CliRunner().invoke(command_line.command, arguments).exit_code == 2
