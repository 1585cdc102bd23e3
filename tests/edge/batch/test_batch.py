from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.batch.before_after import GAP, write_before_after
from edge.batch.planning.jobs import plan
from edge.batch.records.record import Record
from edge.batch.records.report import REPORT_NAME, Report
from edge.batch.run import run
from edge.batch.settings import Outcome, Settings
from edge.errors import RuntimeUnavailable, UnsupportedPhoto
from edge.files import file_sha256
from edge.hidden import HiddenFile
from edge.restore.options import Options
from tests.edge.restoring import Inverter, attempts, write_photos


class Killed(BaseException):
    """Stands for the end of the process: nothing may be caught and mended."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_photos(tmp_path / "in", 4)
    return tmp_path / "in"


def settings(**changes: Any) -> Settings:
    given: dict[str, Any] = {
        "options": Options(),
        "bundle": "b",
        "networks": {"precision": "int8"},
        "max_pixels": 10**6,
    }
    return Settings(**(given | changes))


def restore(
    folder: Path, with_settings: Settings | None = None, restorer: Any = None, **options: Any
) -> tuple[list[str], int]:
    """The states of a run over the folder, and how often the restorer was called."""
    inverter = restorer or Inverter()
    jobs = plan([folder], **options).jobs
    outcomes = list(run(jobs, with_settings or settings(), lambda: inverter))
    return [outcome.state for outcome in outcomes], inverter.calls


def records(folder: Path) -> list[Record]:
    return attempts(folder / REPORT_NAME)


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.is_file()]


def test_a_folder_is_restored_recorded_and_then_left_alone(folder: Path) -> None:
    out = folder.with_name("in-restored")
    assert restore(folder) == (["restored"] * 4, 4)
    first = records(out)
    assert {out / r.output for r in first} == {p for p in out.rglob("photo*") if p.is_file()}
    for record in first:
        assert record.output_sha256 == file_sha256(out / record.output)
        assert record.input_sha256 == file_sha256(Path(record.input))
        assert record.done == ["inverted"] and record.error is None
        assert record.megapixels and record.seconds >= 0 and record.peak_memory
    before = np.asarray(Image.open(folder / "photo1.png"))
    np.testing.assert_array_equal(np.asarray(Image.open(out / "photo1.png")), 255 - before)
    assert restore(folder) == (["done"] * 4, 0)
    assert records(out) == first
    assert hidden(out) == []


def rewrite_input(folder: Path) -> None:
    Image.new("RGB", (9, 9), "navy").save(folder / "photo1.png")


def delete_output(folder: Path) -> None:
    (folder.with_name("in-restored") / "photo1.png").unlink()


@pytest.mark.parametrize("change", [rewrite_input, delete_output])
def test_only_what_has_changed_is_restored_again(folder: Path, change: Callable[[Path], None]) -> None:
    restore(folder)
    change(folder)
    states, calls = restore(folder)
    assert sorted(states) == ["done", "done", "done", "restored"] and calls == 1
    assert restore(folder) == (["done"] * 4, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"bundle": "c"},
        {"options": Options(strength=0.5)},
        {"options": Options(faces=((1, 2, 3, 4),))},
        {"networks": {"precision": "float32"}},
        {"force": True},
    ],
)
def test_another_bundle_or_other_options_or_force_restore_again(
    folder: Path, change: dict[str, Any]
) -> None:
    restore(folder)
    assert restore(folder, settings(**change)) == (["restored"] * 4, 4)


def test_what_is_wrong_with_one_photo_is_recorded_and_tried_again(folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"not a photo")
    out = folder.with_name("in-restored")
    states, _ = restore(folder)
    assert sorted(states) == ["failed", *["restored"] * 4]
    [failed] = [record for record in records(out) if record.error]
    assert failed.error and failed.error.type == UnsupportedPhoto.__name__
    assert failed.input.endswith("broken.jpg") and failed.output_sha256 is None
    assert not (out / "broken.jpg").exists() and hidden(out) == []
    Image.new("RGB", (9, 9)).save(folder / "broken.jpg")
    states, calls = restore(folder)
    assert sorted(states) == [*["done"] * 4, "restored"] and calls == 1


def test_a_bug_costs_one_photo_and_says_so(folder: Path) -> None:
    class Buggy(Inverter):
        def restore(self, photo: Any, *rest: Any) -> Any:
            if photo.pixels.shape[1] == 49:
                raise ZeroDivisionError("oops")
            return super().restore(photo, *rest)

    states, _ = restore(folder, restorer=Buggy())
    assert sorted(states) == ["failed", *["restored"] * 3]
    [error] = [r.error for r in records(folder.with_name("in-restored")) if r.error]
    assert error.type == "ZeroDivisionError" and "bug" in error.message


def test_what_concerns_all_photos_stops_the_run(folder: Path) -> None:
    def none() -> Inverter:
        raise RuntimeUnavailable("Install one.")

    with pytest.raises(RuntimeUnavailable):
        list(run(plan([folder]).jobs, settings(), none))
    assert records(folder.with_name("in-restored")) == []


def test_a_report_that_cannot_be_written_stops_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Report, record: Record) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Report, "append", full)
    with pytest.raises(OSError, match="No space"):
        restore(folder)
    assert not (folder.with_name("in-restored") / "photo1.png").exists()


def kill_before_move(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    real = os.replace

    def replace(source: Any, to: Any) -> None:
        if Path(to) == target:
            raise Killed
        real(source, to)

    monkeypatch.setattr(os, "replace", replace)


def kill_before_record(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    real = Report.append

    def append(self: Report, record: Record) -> None:
        if record.output == target.name and record.output_sha256:
            raise Killed
        real(self, record)

    monkeypatch.setattr(Report, "append", append)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(("kill", "calls"), [(kill_before_move, 0), (kill_before_record, 1)])
def test_a_run_killed_between_two_steps_is_finished_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kill: Any, calls: int, in_place: bool
) -> None:
    for path in folder.rglob("photo*"):
        if path.name != "photo1.png":
            path.unlink()
    out = folder if in_place else folder.with_name("in-restored")
    original = np.asarray(Image.open(folder / "photo1.png"))
    with monkeypatch.context() as patch:
        kill(patch, out / "photo1.png")
        with pytest.raises(Killed):
            restore(folder, in_place=in_place)
    assert len(hidden(out)) == 1
    state = "restored" if calls else "done"
    assert restore(folder, in_place=in_place) == ([state], calls)
    assert restore(folder, in_place=in_place) == (["done"], 0)
    assert hidden(out) == []
    [record] = records(out)
    assert record.output_sha256 == file_sha256(out / "photo1.png")
    np.testing.assert_array_equal(np.asarray(Image.open(out / "photo1.png")), 255 - original)


def test_a_staged_output_that_is_not_the_recorded_one_is_not_moved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = folder.with_name("in-restored")
    with monkeypatch.context() as patch:
        kill_before_move(patch, out / "photo1.png")
        with pytest.raises(Killed):
            restore(folder)
    (staged,) = hidden(out)
    staged.write_bytes(b"torn")
    states, _ = restore(folder)
    assert set(states) <= {"restored", "done"}
    Image.open(out / "photo1.png").load()


def test_in_place_restores_each_photo_once_and_keeps_its_mode(folder: Path) -> None:
    os.chmod(folder / "photo1.png", 0o640)
    names = {path.name for path in folder.rglob("*")}
    before = np.asarray(Image.open(folder / "photo1.png"))
    assert restore(folder, in_place=True) == (["restored"] * 4, 4)
    assert restore(folder, in_place=True) == (["done"] * 4, 0)
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "photo1.png")), 255 - before)
    assert (folder / "photo1.png").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in folder.rglob("*")} == names | {REPORT_NAME}


def test_left_over_partials_are_removed(folder: Path) -> None:
    out = folder.with_name("in-restored")
    out.mkdir()
    for name in ("photo1.png", "photo1.png", "photo1.before-after.jpg"):
        HiddenFile(out / name).close()
    assert len(hidden(out)) == 3
    restore(folder, before_after=True)
    assert hidden(out) == []


def test_copies_of_a_photo_each_get_their_output(folder: Path) -> None:
    (folder / "copy.png").write_bytes((folder / "photo1.png").read_bytes())
    assert restore(folder) == (["restored"] * 5, 5)


def test_the_suffix_that_was_asked_for_decides_the_format(folder: Path) -> None:
    jobs = plan([folder / "photo0.jpg"], folder.parent / "out.png").jobs
    assert [outcome.state for outcome in run(jobs, settings(), Inverter)] == ["restored"]
    assert Image.open(folder.parent / "out.png").format == "PNG"


def test_a_format_that_cannot_hold_the_photo_is_refused(folder: Path) -> None:
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(folder / "deep.png")
    Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save(folder / "clear.png")
    for name, to in (("deep.png", "x.jpg"), ("deep.png", "x.webp"), ("clear.png", "x.jpg")):
        inverter = Inverter()
        [outcome] = run(plan([folder / name], folder / to).jobs, settings(), lambda made=inverter: made)
        assert outcome.failure and "choose .png or .tif" in outcome.failure.message
        assert inverter.calls == 0 and not (folder / to).exists()


def test_a_file_of_a_misleading_name_keeps_its_format(folder: Path) -> None:
    (folder / "photo0.jpg").rename(folder / "photo9.png")
    jobs = plan([folder / "photo9.png"]).jobs
    assert [outcome.state for outcome in run(jobs, settings(), Inverter)] == ["restored"]
    assert Image.open(folder / "photo9.restored.png").format == "JPEG"


def test_before_after_pictures_are_made_also_for_what_is_done(folder: Path) -> None:
    out = folder.with_name("in-restored")
    restore(folder)
    assert restore(folder, before_after=True) == (["done"] * 4, 0)
    picture = np.asarray(Image.open(out / "photo1.before-after.jpg"), np.float32)
    assert picture.shape == (48, 49 * 2 + 16, 3)
    # The right half is the left one inverted.
    assert abs(picture[:, :49] + picture[:, -49:] - 255).mean() < 8
    assert restore(folder, before_after=True) == (["done"] * 4, 0)


def test_in_place_the_picture_still_shows_what_was_before(folder: Path) -> None:
    before = np.asarray(Image.open(folder / "photo1.png"), np.float32)
    restore(folder, in_place=True, before_after=True)
    picture = np.asarray(Image.open(folder / "photo1.before-after.jpg"), np.float32)
    assert abs(picture[:, :49] - before).mean() < 8
    # A second run takes the pictures for what they are.
    assert restore(folder, in_place=True, before_after=True) == (["done"] * 4, 0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), (1, 1)), ((3, 4500), (1, 1500)), ((2001, 2000), (1001, 1000)), ((5, 7), (5, 7))],
)
def test_a_side_by_side_picture_is_bounded(
    shape: tuple[int, int], expected: tuple[int, int], tmp_path: Path
) -> None:
    Image.fromarray(np.full(shape, 100, np.uint8)).save(tmp_path / "photo.png")
    target = tmp_path / "both.jpg"
    with target.open("wb") as out:
        write_before_after(tmp_path / "photo.png", tmp_path / "photo.png", out, 10**7)
    sheet = np.asarray(Image.open(target).convert("L")).astype(int)
    assert sheet.shape == (expected[0], 2 * expected[1] + GAP)
    assert abs(sheet[:, expected[1] + GAP + 8 :] - 100).max(initial=0) <= 2


def test_progress_and_outcomes_come_while_the_run_goes_on(folder: Path) -> None:
    events: list[object] = []
    jobs = plan([folder]).jobs
    for outcome in run(jobs, settings(), Inverter, lambda job: events.append(job), events.append):
        events.append(outcome)
    assert events[:5] == [jobs[0], 0.25, 0.5, 0.75, 1.0]
    outcome = events[5]
    assert isinstance(outcome, Outcome) and (outcome.job, outcome.state) == (jobs[0], "restored")
    assert outcome.done == ("inverted",) and outcome.seconds > 0
    assert len(events) == 6 * len(jobs)


def test_results_have_the_quality_asked_for_and_another_is_made_anew(folder: Path) -> None:
    output = folder.with_name("in-restored") / "photo0.jpg"
    sizes = []
    for quality in (None, 30, 90):
        chosen = settings(quality=quality)
        assert restore(folder, chosen)[0] == ["restored"] * 4
        assert restore(folder, chosen)[0] == ["done"] * 4
        sizes.append(output.stat().st_size)
    assert sizes[1] < sizes[0] < sizes[2]
