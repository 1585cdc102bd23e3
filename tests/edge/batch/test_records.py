from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.batch.report import (
    Failure,
    Record,
    ReportInUse,
    open_report,
    outputs_of,
    read_report,
    recorded,
)
from edge.files import file_sha256
from edge.restore.options import Options

OPTIONS: dict[str, Any] = {"strength": 1.0, "scratches": "auto"}


def success(name: str, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "time": "2026-01-01T00:00:00+00:00",
        "software": "0",
        "input": f"/in/{name}",
        "input_sha256": "in",
        "output": name,
        "output_sha256": "out",
        "bundle": "b",
        "options": OPTIONS,
        "seconds": 1.0,
    }
    return Record(**(fields | changes))


def test_a_success_is_found_by_output_input_bundle_and_options_together(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg"))
    with open_report(path) as report:
        found = report.find(tmp_path / "a.jpg", "in", "b", dict(OPTIONS))
        assert found == success("a.jpg")
        assert report.find(tmp_path / "b.jpg", "in", "b", OPTIONS) is None
        assert report.find(tmp_path / "a.jpg", "other", "b", OPTIONS) is None
        assert report.find(tmp_path / "a.jpg", "in", "other", OPTIONS) is None
        assert report.find(tmp_path / "a.jpg", "in", "b", OPTIONS | {"strength": 0.5}) is None


BY_VERSION_6 = {
    "strength": 1.0,
    "scratches": "auto",
    "fill_only": False,
    "keep_gray": True,
    "faces": "auto",
    "face_strength": 1.0,
    "precision": "int8",
    "runtime": None,
}
"""What a report held when the options were listed one by one."""


@pytest.mark.parametrize("missing", [(), ("fill_only", "face_strength")])
def test_a_record_from_before_an_option_was_added_counts_as_made_with_its_default(
    tmp_path: Path, missing: tuple[str, ...]
) -> None:
    older = {name: value for name, value in BY_VERSION_6.items() if name not in missing}
    networks = {"precision": "int8", "runtime": None}
    with open_report(tmp_path / "report.jsonl") as report:
        report.append(success("a.jpg", options=older))
    with open_report(tmp_path / "report.jsonl") as report:
        same = recorded(Options()) | networks
        assert report.find(tmp_path / "a.jpg", "in", "b", same)
        for other in (Options(fill_only=True), Options(faces=((1, 2, 3, 4),))):
            assert report.find(tmp_path / "a.jpg", "in", "b", recorded(other) | networks) is None


def test_options_are_recorded_as_they_are_read_again_and_a_mask_by_its_content(tmp_path: Path) -> None:
    boxed = recorded(Options(faces=((1.0, 2.0, 30.0, 40.0),)))
    assert boxed["faces"] == [[1.0, 2.0, 30.0, 40.0]]
    (tmp_path / "a").write_bytes(b"abc")
    assert recorded(Options(scratches=tmp_path / "a"))["scratches"] == file_sha256(tmp_path / "a")


def test_the_last_success_counts_and_failures_do_not(tmp_path: Path) -> None:
    with open_report(tmp_path / "report.jsonl") as report:
        failed = success("a.jpg", output_sha256=None, error=Failure("BrokenPhoto", "Truncated."))
        report.append(failed)
        assert report.find(tmp_path / "a.jpg", "in", "b", OPTIONS) is None
        report.append(success("a.jpg"))
        report.append(success("a.jpg", output_sha256="newer"))
        report.append(failed)
        found = report.find(tmp_path / "a.jpg", "in", "b", OPTIONS)
        assert found is not None and found.output_sha256 == "newer"
    assert next(read_report(report.path)).error == Failure("BrokenPhoto", "Truncated.")


def test_an_output_and_its_report_may_be_moved_together(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with open_report(old / "report.jsonl") as report:
        report.append(success(report.relative(old / "deep" / "a.jpg")))
    old.rename(new)
    with open_report(new / "report.jsonl") as report:
        assert report.find(new / "deep" / "a.jpg", "in", "b", OPTIONS)
    assert outputs_of(new / "report.jsonl") == {new / "deep" / "a.jpg"}


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_torn_last_line_costs_only_itself(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg"))
        report.append(success("b.jpg"))
    path.write_bytes(path.read_bytes()[:-cut])
    with open_report(path) as report:
        report.append(success("c.jpg"))
    # Cut by one, only the end of the line is missing: the record is whole.
    expected = ["a.jpg", "b.jpg", "c.jpg"] if cut == 1 else ["a.jpg", "c.jpg"]
    assert [record.output for record in read_report(path)] == expected


def test_lines_that_are_no_records_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    path.write_bytes(b'\n{"time": 3}\n\xff\xfe\nnonsense\n[1]\n')
    with open_report(path) as report:
        report.append(success("a.jpg"))
    assert [record.output for record in read_report(path)] == ["a.jpg"]


def test_a_report_of_a_later_release_with_more_fields_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg"))
    path.write_bytes(path.read_bytes().replace(b"{", b'{"mood":"sepia",', 1))
    assert [record.output for record in read_report(path)] == ["a.jpg"]


def test_photos_restored_in_place_are_no_outputs_to_leave_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg", input="a.jpg"))
        report.append(success("b.jpg"))
    assert outputs_of(path) == {tmp_path / "b.jpg"}


def test_names_that_are_no_utf8_can_be_recorded_and_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    with open_report(tmp_path / "report.jsonl") as report:
        report.append(success(report.relative(tmp_path / name)))
        assert report.find(tmp_path / name, "in", "b", OPTIONS)


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "report.jsonl"
    hold = (
        "import sys, edge.batch.report as r\n"
        "with r.open_report(r.Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    with pytest.raises(ReportInUse, match=r"report\.jsonl"), open_report(path):
        pass
    process.kill()
    process.communicate()
    with open_report(path):
        pass


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf")
