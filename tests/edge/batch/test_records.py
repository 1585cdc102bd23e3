from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.batch.records.history import History
from edge.batch.records.reading import read_report
from edge.batch.records.record import Failure, Record
from edge.batch.records.report import ReportInUse, open_report, recorded
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


def found(report: Path, name: str, bundle: str = "b", options: dict[str, Any] = OPTIONS) -> list[Record]:
    """The records of an output beside the report, made with these, the latest first."""
    return list(History(report).made_with(report.parent / name, bundle, options))


def test_a_success_is_found_by_output_bundle_and_options_together(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg"))
    assert found(path, "a.jpg") == [success("a.jpg")]
    assert found(path, "b.jpg") == []
    assert found(path, "a.jpg", "other") == []
    assert found(path, "a.jpg", "b", OPTIONS | {"strength": 0.5}) == []


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
    path = tmp_path / "report.jsonl"
    assert found(path, "a.jpg", options=recorded(Options()) | networks)
    for other in (Options(fill_only=True), Options(faces=((1, 2, 3, 4),))):
        assert found(path, "a.jpg", options=recorded(other) | networks) == []


def test_options_are_recorded_as_they_are_read_again_and_a_mask_by_its_content(tmp_path: Path) -> None:
    boxed = recorded(Options(faces=((1.0, 2.0, 30.0, 40.0),)))
    assert boxed["faces"] == [[1.0, 2.0, 30.0, 40.0]]
    (tmp_path / "a").write_bytes(b"abc")
    assert recorded(Options(scratches=tmp_path / "a"))["scratches"] == file_sha256(tmp_path / "a")


def test_the_last_success_counts_and_failures_do_not(tmp_path: Path) -> None:
    with open_report(tmp_path / "report.jsonl") as report:
        failed = success("a.jpg", output_sha256=None, error=Failure("BrokenPhoto", "Truncated."))
        report.append(failed)
        assert found(report.path, "a.jpg") == []
        report.append(success("a.jpg"))
        report.append(success("a.jpg", output_sha256="newer"))
        report.append(failed)
        assert found(report.path, "a.jpg")[0].output_sha256 == "newer"
    assert next(read_report(report.path)).error == Failure("BrokenPhoto", "Truncated.")


def test_an_output_and_its_report_may_be_moved_together(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with open_report(old / "report.jsonl") as report:
        report.append(success(report.relative(old / "deep" / "a.jpg")))
    old.rename(new)
    assert found(new / "report.jsonl", "deep/a.jpg")


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


def test_results_are_known_for_ours_until_they_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(b"abc")
    digest = file_sha256(tmp_path / "a.jpg")
    with open_report(path) as report:
        report.append(success("a.jpg", output_sha256=digest, input="a.jpg"))
        report.append(success("b.jpg", output_sha256=digest, before_after="b.before-after.jpg"))
    history = History(path)
    # A photo that was restored in place is a photo still.
    assert [history.made(tmp_path / n) for n in ("a.jpg", "b.jpg", "b.before-after.jpg", "c.jpg")] == [
        False,
        True,
        True,
        False,
    ]
    (tmp_path / "a.jpg").write_bytes(b"retouched")
    standing = [history.standing(tmp_path / n) for n in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")]
    assert standing == ["changed", "ours", "unknown", "absent"]


def test_names_that_are_no_utf8_can_be_recorded_and_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    with open_report(tmp_path / "report.jsonl") as report:
        report.append(success(report.relative(tmp_path / name)))
    assert found(report.path, name)


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "report.jsonl"
    hold = (
        "import sys, edge.batch.records.report as r\n"
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


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.jsonl"
    with open_report(path) as report:
        report.append(success("a.jpg"))
        before = path.read_bytes()

        def torn(line: bytes) -> int:
            with path.open("ab") as file:
                return file.write(line[:40])

        monkeypatch.setattr(report, "_file", Torn(report._file, torn))
        with pytest.raises(OSError, match="No space"):
            report.append(success("b.jpg"))
    assert path.read_bytes() == before


class Torn:
    """A file that writes as a function does."""

    def __init__(self, file: Any, write: Any) -> None:
        self._file, self.write = file, write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_an_empty_report_is_not_left_behind(tmp_path: Path) -> None:
    with open_report(tmp_path / "report.jsonl"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_locks_the_report_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with open_report(tmp_path / "report.jsonl") as report:
        assert not report.locked
