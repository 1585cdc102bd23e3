"""`heirloom archive` on this computer: the results of `heirloom restore`, and nothing done twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from edge.archive.places import PAGE, PARTS
from edge.batch.records.report import REPORT_NAME
from tests.edge.archive.archives import IDLE, heirloom, rows
from tests.edge.restoring import attempts, write_photos


def files(folder: Path) -> dict[str, bytes]:
    """All results below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        name: path.read_bytes()
        for path in found
        if not (name := path.relative_to(folder).as_posix()).startswith(("_", "heirloom-report"))
    }


def test_results_are_those_of_restore(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    write_photos(source, 3)
    with Image.open(source / "photo0.jpg") as image:
        image.save(source / "photo0.bmp")
        image.save(source / "photo1.bmp")  # beside photo1.png: its result needs another name
    (source / "photo0.jpg.xmp").write_text("<x/>")
    (source / ".hidden").mkdir()
    (source / ".hidden" / "photo.jpg").write_bytes((source / "photo0.jpg").read_bytes())
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff broken <b>")
    (source / "notes.txt").write_text("no photo")
    os.utime(source / "photo0.jpg", (1, 1))

    options = ("--scratches", "off", "--no-faces")
    assert heirloom("archive", source, target, *options, "--workers", 2) == 1
    assert heirloom("restore", source, "-o", tmp_path / "restored", *options) == 1
    errors = [record.error for record in attempts(tmp_path / "restored" / REPORT_NAME) if record.error]
    assert [error.type for error in errors] == ["BrokenPhoto"], errors

    assert files(target) == files(tmp_path / "restored")
    assert {"photo1.bmp.png", "photo1.png", "photo0.png", "photo0.jpg.xmp"} <= files(target).keys()
    assert (target / "photo0.jpg").stat().st_mtime == 1
    found = rows(target)
    assert len(found) == 6
    failed = found.pop("broken.jpg")
    assert (failed.state, failed.error, failed.sha256_out) == ("failed", "BrokenPhoto", None)
    assert failed.sentence and "broken.jpg" in failed.sentence and str(tmp_path) not in failed.sentence
    assert {row.state for row in found.values()} == {"restored"}
    assert all(
        row.sha256_in and row.sha256_out and row.megapixels and row.peak_memory for row in found.values()
    )
    quarantined = target / "_quarantine" / "broken.jpg"
    assert quarantined.read_bytes() == (source / "broken.jpg").read_bytes()
    assert quarantined.with_name("broken.jpg.txt").read_text() == f"{failed.sentence}\n"
    page = (target / PAGE).read_text()
    assert page.count("<figure>") == 5 and "BrokenPhoto" in page and "http" not in page


def test_runs_go_on_where_others_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    write_photos(source, 2)
    assert heirloom("archive", source, target, *IDLE, "--workers", 1) == 0
    parts = {path: path.stat().st_mtime_ns for path in (target / PARTS).iterdir()}
    before = rows(target)

    new, taken = source / "odd <i>&name.jpg", source / "taken.jpg"
    for photo in (new, taken):
        photo.write_bytes((source / "photo0.jpg").read_bytes())
    os.utime(source / "photo1.png", (5, 5))
    (target / "taken.jpg").write_bytes(b"somebody else's")
    assert heirloom("archive", source, target, *IDLE, "--workers", 1) == 1

    after = rows(target)
    assert after.keys() == before.keys() | {new.name, taken.name}
    assert after["photo1.png"].done == ["restored before"], "the same content is not restored again"
    assert after["photo1.png"].sha256_out == before["photo1.png"].sha256_out
    assert after["taken.jpg"].state == "conflict"
    assert (target / "taken.jpg").read_bytes() == b"somebody else's"
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    page = (target / PAGE).read_text()
    assert "odd &lt;i&gt;&amp;name.jpg" in page and "<i>" not in page

    (target / "taken.jpg").unlink()
    capsys.readouterr()
    assert heirloom("archive", source, target, *IDLE, "--workers", 1) == 1, "it is not tried by itself"
    assert heirloom("archive", "status", target) == 0
    assert "4 photos: 3 restored, 1 conflict, 0 left." in capsys.readouterr().out
    assert heirloom("archive", "retry", target, "--workers", 1) == 0
    assert rows(target)["taken.jpg"].state == "restored"
    assert (target / "taken.jpg").read_bytes() == taken.read_bytes()

    assert heirloom("archive", "verify", target) == 0
    (target / "photo0.jpg").write_bytes(b"other")
    (target / "photo1.png").unlink()
    capsys.readouterr()
    assert heirloom("archive", "verify", target) == 1
    said = capsys.readouterr()
    assert "4 results read, 2 missing or changed." in said.out
    assert "photo0.jpg was changed" in said.err and "photo1.png is not there" in said.err


def test_other_settings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    assert heirloom("archive", source, target, *IDLE) == 0
    for other in (["--quality", "80"], ["--strength", "0.5"], ["--precision", "float32"]):
        assert heirloom("archive", source, target, *IDLE, *other) == 1
        assert other[0].strip("-") in capsys.readouterr().err
    (tmp_path / "elsewhere").mkdir()
    assert heirloom("archive", tmp_path / "elsewhere", target, *IDLE) == 1
    assert "source" in capsys.readouterr().err
    for nested in (source, source / "out", tmp_path):
        assert heirloom("archive", source, nested, *IDLE) == 1
        assert "in one another" in capsys.readouterr().err
    assert heirloom("archive", "status", source) == 1
    assert heirloom("archive", source, "ftp://a/b") == 1
    assert heirloom("archive", source, tmp_path / "new", "--workers", "4..2") == 1
    assert heirloom("archive", tmp_path / "none", tmp_path / "new") == 1
    assert not (tmp_path / "new").exists()
