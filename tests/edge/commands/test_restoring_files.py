"""What `heirloom restore` says of files that it keeps, passes over or leaves out, and its exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from edge import engines
from edge.batch.records.report import REPORT_NAME
from edge.commands import main as cli
from edge.files import file_sha256
from edge.restore.damage.mask import Damage
from tests.edge.restoring import Inverter, write_photos


@pytest.fixture(autouse=True)
def _without_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "open_bundle", lambda *_: SimpleNamespace(digest="d"))
    monkeypatch.setattr(engines, "Restorer", lambda bundle, **options: Inverter())


def heirloom(*arguments: object) -> int:
    try:
        return cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)


def test_a_changed_result_is_named_in_a_folder_and_refused_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", 2)
    assert heirloom("restore", tmp_path / "in") == 0
    changed = tmp_path / "in-restored" / "photo1.png"
    changed.write_bytes(changed.read_bytes() + b"tag")
    capsys.readouterr()
    assert heirloom("restore", tmp_path / "in") == 0
    shown = capsys.readouterr().out
    assert f"Kept, for it was changed by hand: {changed}" in shown
    assert "0 restored, 1 skipped as done, 0 failed, 1 kept as changed by hand." in shown
    assert heirloom("restore", tmp_path / "in" / "photo1.png", "-o", tmp_path / "in-restored") == 1
    assert "--force" in capsys.readouterr().err


def test_what_is_passed_over_or_excluded_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", 2)
    (tmp_path / "in" / "scan.psd").write_bytes(b"8BPS")
    assert heirloom("restore", tmp_path / "in", "--exclude", "*.PNG") == 0
    shown = capsys.readouterr().out
    assert "scan.psd is a Photoshop document, which is not read" in shown
    assert f"Excluded: {tmp_path / 'in' / 'photo1.png'}." in shown
    assert "1 restored, 0 skipped as done, 0 failed, 1 passed over." in shown


def test_the_help_names_what_is_always_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert heirloom("restore", "--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--exclude" in shown and "@eaDir" in shown and "--no-keep-time" in shown


def test_a_name_cannot_write_lines_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "two\nlines\x1b[2J.png"
    Image.new("RGB", (9, 9)).save(photo)
    assert heirloom("restore", photo) == 0
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown and r"two\nlines\x1b[2J.restored.png" in shown


def test_a_photo_is_restored_where_no_record_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    [photo] = write_photos(tmp_path, 1)
    assert heirloom("restore", photo) == 0
    # Nobody knows the result for ours.
    assert heirloom("restore", photo) == 1


def test_photos_that_a_forged_report_claims_as_done_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reports are not signed: what can be done is to say how many photos were taken for done."""
    write_photos(tmp_path / "in", 2)
    assert heirloom("restore", tmp_path / "in") == 0
    out = tmp_path / "in-restored"
    records = [json.loads(line) for line in (out / REPORT_NAME).read_text().splitlines()]
    for record in records:
        if "output_sha256" in record:
            (out / record["output"]).write_bytes(b"forged")
            record["output_sha256"] = file_sha256(out / record["output"])
    (out / REPORT_NAME).write_text("".join(f"{json.dumps(record)}\n" for record in records))
    capsys.readouterr()
    assert heirloom("restore", tmp_path / "in") == 0
    assert "0 restored, 2 skipped as done, 0 failed." in capsys.readouterr().out
    assert heirloom("restore", tmp_path / "in", "--force") == 0
    assert "2 restored, 0 skipped as done, 0 failed." in capsys.readouterr().out


def test_photos_that_a_forged_report_claims_as_results_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = write_photos(tmp_path / "in", 3)
    assert heirloom("restore", tmp_path / "in") == 0
    lines = (tmp_path / "in-restored" / REPORT_NAME).read_text().splitlines()
    record = next(json.loads(line) for line in lines if "output_sha256" in line)
    forged = [
        record
        | {"input": "x", "output": photo.relative_to(tmp_path / "in").as_posix()}
        | {"output_sha256": file_sha256(photo)}
        for photo in photos[:2]
    ]
    (tmp_path / "in" / REPORT_NAME).write_text("".join(f"{json.dumps(each)}\n" for each in forged))
    capsys.readouterr()
    assert heirloom("restore", tmp_path / "in") == 0
    shown = capsys.readouterr().out
    assert "2 files are left out as results of earlier runs, by their reports" in shown
    assert "0 restored, 1 skipped as done, 0 failed." in shown
    assert heirloom("restore", photos[0], "-o", tmp_path / "other") == 0
    assert "1 restored" in capsys.readouterr().out


def test_an_error_cannot_write_lines_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is refused as a whole is told by another function than what a run says."""
    [photo] = write_photos(tmp_path, 1)
    name = "two\nlines\x1b[2J\x9b31m\x07\u202e"
    (tmp_path / name).write_bytes(b"")
    for refused in (
        ["-o", tmp_path / f"{name}.psd"],
        ["-o", tmp_path / "out", "--report", tmp_path / name / "r"],
    ):
        assert heirloom("restore", photo, *refused) == 1
        said = capsys.readouterr().err
        assert said.startswith("Error: ") and said.count("\n") == 1
        assert not set(said) & set("\x1b\x9b\x07\u202e") and r"two\nlines\x1b[2J" in said


def test_a_mask_is_suggested_for_more_damage_than_cracked_prints_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def filled(rows: int) -> SimpleNamespace:
        """Finds damage on ``rows`` of 100 rows."""
        mask = np.zeros((100, 10), np.bool_)
        mask[:rows] = True
        return SimpleNamespace(
            restore=lambda *arguments, **options: replace(
                Inverter().restore(*arguments, **options), damage=Damage(mask, 1)
            )
        )

    write_photos(tmp_path, 1)
    for rows, suggested in ((6, False), (15, True)):
        monkeypatch.setattr(engines, "Restorer", lambda *_, rows=rows, **__: filled(rows))
        assert heirloom("restore", tmp_path / "photo0.jpg", "--force") == 0
        assert ("photo0.jpg was detected as damage" in capsys.readouterr().out) == suggested
