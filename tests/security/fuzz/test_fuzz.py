"""Fuzzing: no input ends in anything but a result or a sentence; no file outside, no connection, no hang.

``pytest -m slow tests/security/fuzz`` tries 20,000 inputs, ``FUZZ_INPUTS=100000`` before it so many. What
goes wrong is kept in ``FUZZ_OUTPUT``, or in a folder that the failure names: mend the code, and make it a
test of its own. ``python -m tests.security.fuzz.run KIND --inputs N`` fuzzes one kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.fuzz.run import smallest
from tests.security.fuzz.targets import TARGETS
from tests.security.fuzz.watched import Watch

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("kind", TARGETS)
def test_no_input_goes_wrong(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="is for Linux on x86-64")
    output = Path(os.environ.get("FUZZ_OUTPUT", tmp_path))
    count = max(100, INPUTS * TARGETS[kind].share // sum(target.share for target in TARGETS.values()))
    command = [sys.executable, "-m", "tests.security.fuzz.run", kind, "--inputs", str(count)]
    ran = subprocess.run(
        [*command, "--output", str(output)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    assert found["inputs"] >= count or (TARGETS[kind].native and found["native"])
    assert found["wrong"] == 0, (output, found)
    assert found["native"] == 0 or TARGETS[kind].native, (output, found)


BROKEN = """
import ctypes, json, os, sys, time
from pathlib import Path
from tests.security.fuzz import changes, run, targets

def reader(max_memory):
    def read(path, output):
        data = path.read_bytes()
        if data != b"a seed":
            {fault}
    return read

run.SECONDS, run.MAX_CRASHES = 2, 2
targets.TARGETS["broken"] = targets.Target(lambda: [b"a seed"], changes.numbers, reader)
sys.stdout.write(json.dumps(run.fuzz("broken", 20, Path(sys.argv[1]), 1)))
"""
FAULTS = {
    "a crash": ("ctypes.string_at(0)", "native"),
    "a hang": ("time.sleep(60)", "native"),
    "memory": ("data = b'x' * (400 << 20)", "wrong"),
    "a bug": ("data[0:1].decode('ascii') + 1", "wrong"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_found_and_outlived(fault: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="is for Linux on x86-64")
    code, counted = FAULTS[fault]
    ran = subprocess.run(
        [sys.executable, "-c", BROKEN.replace("{fault}", code), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    assert found[counted] > 0 and found["findings"], found
    assert (tmp_path / "findings" / f"{found['findings'][0]}.bin").stat().st_size < 20


def test_the_oracle_sees_what_may_not_happen(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    folder.mkdir()
    watch = Watch(folder)

    def outcome(read: object) -> str:
        return watch.problem(lambda path, output: read(), folder, folder)[0]  # type: ignore[operator]

    assert outcome(lambda: (folder / "a").write_bytes(b"fine")) == "read"
    assert outcome(lambda: elsewhere.write_bytes(b"outside")) == "open"
    assert outcome(lambda: (folder / "a").rename(elsewhere)) == "os.rename"
    assert outcome(lambda: subprocess.run(["true"], check=True)) == "subprocess.Popen"
    assert outcome(lambda: 1 / 0).startswith("ZeroDivisionError test_fuzz.py")


def test_what_went_wrong_is_made_small() -> None:
    assert smallest(b"a" * 100 + b"XY" + b"b" * 77, lambda data: b"XY" in data) == b"XY"
