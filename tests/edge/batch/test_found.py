"""What a folder's photos are found by, and what is named as passed over or left out."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.batch.planning.find import PassedOver
from edge.batch.planning.jobs import plan
from edge.batch.records.reading import read_report
from edge.batch.records.report import REPORT_NAME
from edge.batch.run import run
from edge.batch.settings import Settings
from edge.restore.options import Options
from tests.edge.restoring import Inverter, write_photos


def found(folder: Path, **options: Any) -> tuple[set[str], dict[str, PassedOver], set[str]]:
    planned = plan([folder], folder.with_name("out"), **options)
    return (
        {job.output.relative_to(folder.with_name("out")).as_posix() for job in planned.jobs},
        {left.path.name: left for left in planned.passed_over},
        {path.name for path in planned.excluded},
    )


def test_photos_are_found_by_content_and_other_pictures_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in (
        "a.jfif",
        "b.JPE",
        "c",
        "d.mpo",
        "@eaDir/a.jpg",
        "$RECYCLE.BIN/z.jpg",
        "sub/x.png",
        "._a.jpg",
    ):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        Image.new("RGB", (9, 9)).save(folder / name, "JPEG")
    (folder / "notes.txt").write_text("no picture")
    (folder / "scan.psd").write_bytes(b"8BPS\0\1" + bytes(90))
    (folder / "raw.NEF").write_bytes(b"MM\0*" + bytes(90))
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "loop").symlink_to(folder)
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe.tif")
    photos, passed_over, excluded = found(folder)
    assert photos == {"a.jfif", "b.JPE", "c", "d.mpo", "sub/x.png"}
    assert set(passed_over) == {"scan.psd", "raw.NEF", "gone.jpg", "linked", "pipe.tif"}
    assert not any(left.failed for left in passed_over.values())
    assert excluded == {"@eaDir", "$RECYCLE.BIN"}
    photos, _, excluded = found(folder, exclude=["SUB", "*.j*", "*.psd"])
    assert photos == {"c", "d.mpo"}
    assert {"sub", "a.jfif", "b.JPE", "scan.psd"} <= excluded
    planned = plan([folder])
    settings = Settings(Options(), "b", {}, 10**6)
    list(run(planned.jobs, settings, Inverter, passed_over=planned.passed_over))
    recorded = {r.input for r in read_report(tmp_path / "in-restored" / REPORT_NAME) if r.passed_over}
    assert {Path(name).name for name in recorded} == set(passed_over)


def test_a_subfolder_that_cannot_be_opened_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path / "in", 3)
    real = os.scandir

    def refused(place: Any) -> Any:
        if str(place).endswith("sub"):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", refused)
    photos, passed_over, _ = found(tmp_path / "in")
    assert (
        len(photos) == 2 and passed_over["sub"].failed and "Permission denied" in passed_over["sub"].reason
    )
