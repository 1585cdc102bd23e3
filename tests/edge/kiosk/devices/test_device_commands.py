"""Programs: their output, limits, and that nothing of them is left."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from edge.kiosk.devices import commands
from edge.kiosk.devices.commands import (
    MAX_LINE,
    MAX_OUTPUT,
    ProgramCancelled,
    ProgramMissing,
    ProgramTimeout,
    run_program,
    started,
)
from tests.edge.kiosk.devices.programs import ends, running, shell


def test_output_errors_and_status_are_told(tmp_path: Path) -> None:
    done = run_program([shell(tmp_path / "a", "echo out; echo err >&2; exit 6")], 5)
    assert (done.status, done.output, done.errors) == (6, "out\n", "err\n")


def test_arguments_reach_the_program_as_they_are(tmp_path: Path) -> None:
    hostile = ["$(touch x)", "; rm -rf .", "a b", "-o", "*", "\n"]
    program = shell(tmp_path / "a", 'for one in "$@"; do printf "[%s]" "$one"; done')
    assert run_program([program, *hostile], 5).output == "".join(f"[{one}]" for one in hostile)


def test_messages_are_english_whatever_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert run_program([shell(tmp_path / "a", "echo $LANGUAGE $LC_ALL")], 5).output == "C C.UTF-8\n"


def test_output_is_kept_up_to_a_limit_and_never_waited_for(tmp_path: Path) -> None:
    program = shell(
        tmp_path / "a", f"head -c {3 * MAX_OUTPUT} /dev/zero; head -c {2 * MAX_OUTPUT} /dev/zero >&2"
    )
    done = run_program([program], 20)
    assert (done.status, len(done.output), len(done.errors)) == (0, MAX_OUTPUT, MAX_OUTPUT)


def test_a_program_that_hangs_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "GRACE", 0.2)
    program = shell(
        tmp_path / "a",
        f"trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; sleep 60' & wait; sleep 60",
    )
    before = time.monotonic()
    with pytest.raises(ProgramTimeout):
        run_program([program], 0.5)
    assert time.monotonic() - before < 5
    assert ends(int((tmp_path / "pid").read_text()))


def test_a_program_is_asked_to_end_before_it_is_killed(tmp_path: Path) -> None:
    program = shell(
        tmp_path / "a", f"trap 'echo parked > {tmp_path}/lamp; exit' TERM; while :; do sleep 0.05; done"
    )
    with pytest.raises(ProgramTimeout):
        run_program([program], 0.3)
    assert (tmp_path / "lamp").read_text() == "parked\n"


def test_a_child_that_keeps_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    program = shell(
        tmp_path / "a", f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60' & sleep 0.2; echo done"
    )
    before = time.monotonic()
    assert run_program([program], 10).output == "done\n"
    assert time.monotonic() - before < 5
    assert ends(int((tmp_path / "pid").read_text()))


def test_cancelling_ends_a_program(tmp_path: Path) -> None:
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(ProgramCancelled):
        run_program([shell(tmp_path / "a", "exec sleep 60")], 30, cancelled)


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match="nothing"):
        run_program([str(tmp_path / "nothing")], 1)


def test_lines_come_as_they_are_printed_and_each_renews_the_limit(tmp_path: Path) -> None:
    program = shell(tmp_path / "a", "for n in 1 2 3 4; do echo $n; sleep 0.25; done; printf last")
    with started([program], 0.7) as program_running:
        assert list(program_running.lines()) == ["1", "2", "3", "4", "last"]
        assert program_running.status == 0


def test_a_line_that_never_ends_is_cut(tmp_path: Path) -> None:
    with started([shell(tmp_path / "a", f"head -c {5 * MAX_LINE} /dev/zero; echo; echo b")], 5) as program:
        first, second = program.lines()
    assert (len(first), second) == (MAX_LINE, "b")


def test_bytes_without_lines_do_not_renew_the_limit(tmp_path: Path) -> None:
    program = shell(tmp_path / "a", "while :; do printf x; sleep 0.05; done")
    with started([program], 0.5) as program_running, pytest.raises(ProgramTimeout):
        list(program_running.lines())


def test_leaving_a_program_ends_it(tmp_path: Path) -> None:
    program = shell(tmp_path / "a", "echo $$; exec sleep 60")
    with started([program], 30) as program_running:
        pid = int(next(program_running.lines()))
        assert running(pid)
    assert ends(pid)
