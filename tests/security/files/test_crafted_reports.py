"""Reports are data from outside: crafted ones hide no photo elsewhere, and end in no traceback."""

from __future__ import annotations

import os
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from edge.batch.planning.jobs import plan
from edge.batch.records import reading
from edge.batch.records.history import History
from edge.batch.records.reading import Reading, read_report
from edge.batch.records.report import REPORT_NAME, open_report
from edge.batch.run import run
from edge.batch.settings import Settings
from edge.errors import OutputConflict
from edge.files import file_sha256
from edge.restore.options import Options
from tests.edge.restoring import Inverter

SETTINGS = Settings(Options(), "b", {}, 10**6, note=False)


def line(**changes: object) -> bytes:
    """A record as a report holds it."""
    fields = {
        "time": "2026-01-01T00:00:00+00:00",
        "software": "0",
        "input": "in.png",
        "input_sha256": "0" * 64,
        "output": "a.png",
        "output_sha256": "1" * 64,
        "bundle": "b",
        "options": {},
        "seconds": 1.0,
    }
    return msgspec.json.encode(fields | changes) + b"\n"


@pytest.mark.parametrize(
    "crafted",
    [
        b'{"options": ' + b'{"a":' * 100_000 + b"\n",
        line().replace(b'"options":{}', b'"options":{"a":' + b"[" * 900 + b"]" * 900 + b"}"),
        line(output="../../b.png"),
        line(input="a\0b"),
        line(seconds=-1),
        line().replace(b"1.0", b"1" * 5000),
        line(peak_memory=2**63),
        b"\xff\xfe\n",
        b"x" * ((2 << 20) + 5) + b"\n",
    ],
    ids=["deep", "deep options", "parent", "nul", "negative", "digits", "huge", "not utf-8", "long line"],
)
def test_a_line_that_is_no_record_costs_itself_alone_and_is_told_of(crafted: bytes, tmp_path: Path) -> None:
    report = tmp_path / REPORT_NAME
    report.write_bytes(line(output="first.png") + crafted + line(output="last.png"))
    found = Reading()
    assert [record.output for record in read_report(report, found)] == ["first.png", "last.png"]
    assert found.left_out == 1 and "1 line" in str(found.sentence(report))


def test_a_sparse_giant_is_read_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 4 << 20)
    report = tmp_path / REPORT_NAME
    report.write_bytes(line())
    os.truncate(report, 1 << 40)
    found = Reading()
    assert len(list(read_report(report, found))) == 1
    assert "too long" in str(found.sentence(report))


def test_a_million_lines_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINES", 100)
    (tmp_path / REPORT_NAME).write_bytes(line() * 200)
    found = Reading()
    assert len(list(read_report(tmp_path / REPORT_NAME, found))) == 100 and found.cut


def test_the_limits_are_small_enough_to_be_some() -> None:
    assert reading.MAX_LINE <= 4 << 20 and reading.MAX_BYTES <= 1 << 30
    assert reading.MAX_LINES <= 1_000_000 and reading.MAX_DEPTH <= 8


def test_records_that_swell_are_kept_as_small_as_their_lines(tmp_path: Path) -> None:
    report = tmp_path / REPORT_NAME
    swelling = [[] for _ in range(8_000)]  # 3 bytes each in the file, and 64 in memory
    report.write_bytes(
        b"".join(line(output=f"{number}.png", options={"a": swelling}) for number in range(4))
    )
    tracemalloc.start()
    try:
        history = History(report)
        assert tracemalloc.get_traced_memory()[0] < 2 * report.stat().st_size
    finally:
        tracemalloc.stop()
    assert len(history.results(tmp_path / "3.png")[0].record.options["a"]) == 8_000


def test_a_report_says_nothing_of_files_outside_its_folder(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "a.png"
    photo.parent.mkdir()
    Image.new("RGB", (9, 9), "navy").save(photo)
    forged = line(input="x", output=str(photo), output_sha256=file_sha256(photo))
    crafted = tmp_path / "download" / REPORT_NAME
    crafted.parent.mkdir()
    crafted.write_bytes(forged)
    history = History(crafted)
    assert not history.made(photo) and not history.named(photo)
    assert History(named=[crafted]).made(photo)  # what the user names is the user's
    # Nor through a folder of results.
    said: list[str] = []
    Image.new("RGB", (9, 9), "olive").save(crafted.with_name("b.png"))
    planned = plan([crafted.parent, photo.parent], in_place=True)
    outcomes = list(run(planned.jobs, SETTINGS, Inverter, say=said.append))
    assert [outcome.state for outcome in outcomes] == ["restored", "restored"]
    assert said == [f"{crafted}: 1 line left out that cannot be read, or name files outside its folder."]


def test_a_report_that_somebody_left_where_all_may_write_counts_for_nothing(tmp_path: Path) -> None:
    report = tmp_path / REPORT_NAME
    report.write_bytes(line())
    assert list(read_report(report))
    os.chmod(tmp_path, 0o1777)
    assert list(read_report(report))
    if os.geteuid() == 0:
        os.chown(report, 12345, 12345)
        assert not list(read_report(report))


def fifo(path: Path) -> None:
    os.mkfifo(path)


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def link(path: Path) -> None:
    path.with_name("victim").write_bytes(b"")
    path.symlink_to(path.with_name("victim"))


def second_name(path: Path) -> None:
    path.with_name("victim").write_bytes(b"")
    path.hardlink_to(path.with_name("victim"))


@pytest.mark.parametrize("plant", [fifo, bound, link, second_name])
def test_what_is_no_file_of_its_own_is_refused_in_one_sentence(
    plant: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    plant(Path(REPORT_NAME))
    History(Path(REPORT_NAME))  # it is as if there were none, and nobody waits for a pipe
    with pytest.raises(OutputConflict, match="move it away"), open_report(Path(REPORT_NAME)):
        pass
    if Path("victim").exists():
        assert Path("victim").read_bytes() == b""


def test_a_folder_of_results_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    for folder in ("in/sub", "out", "victim"):
        (tmp_path / folder).mkdir(parents=True)
    Image.new("RGB", (9, 9), "navy").save(tmp_path / "in" / "sub" / "a.png")
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputConflict, match="leads out"):
        plan([tmp_path / "in"], tmp_path / "out")


def test_in_place_a_link_to_a_photo_elsewhere_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (9, 9), "navy").save(tmp_path / "mine.png")
    (tmp_path / "in" / "a.png").symlink_to(tmp_path / "mine.png")
    planned = plan([tmp_path / "in"], in_place=True)
    assert planned.jobs == [] and "link" in planned.passed_over[0].reason
