"""Fuzzes kinds of input, by default all: ``python -m tests.security.fuzz.run [KIND...] --inputs 1000``.

Guided by the coverage of the product's Python code (atheris, on Linux with x86-64). Everything is imported
once; batches of inputs run in forked children with limits of memory and time, so that a crash of a native
library ends a batch and not the run. Inputs that went wrong are kept in ``DIR/findings``, as small as they
could be made, each with a text that says what went wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 20
"""An input that takes longer hangs."""
BATCH = 2000
MAX_CRASHES = 400
RAN, READ, REFUSED, WRONG = range(4)


def main() -> int:
    from tests.security.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", choices=[[], *TARGETS])
    parser.add_argument("--inputs", type=int, default=1000, help="In all, divided among the kinds.")
    parser.add_argument(
        "--output", type=Path, default=Path("fuzzed"), help="Folder of corpus and findings."
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    kinds = given.kinds or list(TARGETS)
    if len(kinds) == 1:
        found = fuzz(kinds[0], given.inputs, given.output.resolve(), given.seed)
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    shares = sum(TARGETS[kind].share for kind in kinds)
    for kind in kinds:
        # Each in a process of its own: one that has torch loaded says nothing about the memory of another.
        count = max(1, given.inputs * TARGETS[kind].share // shares)
        options = ["--inputs", str(count), "--output", str(given.output), "--seed", str(given.seed)]
        subprocess.run([sys.executable, "-m", __spec__.name, kind, *options], check=False)  # type: ignore[name-defined]
    return 0


def fuzz(kind: str, count: int, output: Path, seed: int) -> dict[str, Any]:
    """Counts of one kind: inputs, read, refused, wrong, native crashes; names of findings; seconds."""
    import atheris

    began = time.monotonic()
    findings, corpus = output / "findings", output / "corpus" / kind
    for folder in (findings, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="fuzz-"))
    os.environ.update(HOME=str(work), XDG_STATE_HOME=str(work), TMPDIR=str(work / "out"))
    os.chdir(work)
    for name in ("in", "out"):
        (work / name).mkdir()
    tempfile.tempdir = None
    with atheris.instrument_imports(include=["edge", "convert", "quantize", "demo"]):
        from tests.security.fuzz.targets import TARGETS
        from tests.security.fuzz.watched import MEMORY, Watch

        target = TARGETS[kind]
        from edge import memory

        reader = target.reader(10**12)
        reader_path = work / "in" / target.name
        for index, content in enumerate(target.seeds()):
            (corpus / f"seed-{index}").write_bytes(content)
            reader_path.write_bytes(content)
            try:
                reader(reader_path, work / "out")  # imports what is imported late
            except Exception as error:
                if not type(error).__module__.startswith(("edge", "convert")):
                    raise
        reader = target.reader((memory.peak() or 0) + MEMORY)
    empty(work / "out")
    counts = memoryview(mmap.mmap(-1, 4096)).cast("q")
    crashes = 0
    while counts[RAN] < count and crashes < MAX_CRASHES:
        before = counts[RAN]
        batch = min(BATCH, count - counts[RAN])
        child = os.fork()
        if child == 0:
            bench = Bench(kind, target, reader, Watch(work), counts, work, findings)
            _child(bench, corpus, batch, seed + counts[RAN])
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        if ended != 0:
            crashes += 1
            _keep_crash(kind, ended, work, findings)
        if counts[RAN] == before:
            break
    shutil.rmtree(work, ignore_errors=True)
    mine = sorted(path.stem for path in findings.glob(f"{kind}-*.txt"))
    return {
        "kind": kind,
        "inputs": counts[RAN],
        "read": counts[READ],
        "refused": counts[REFUSED],
        "wrong": counts[WRONG],
        "native": crashes,
        "findings": mine,
        "seconds": round(time.monotonic() - began, 1),
    }


@dataclass(frozen=True)
class Bench:
    """What a child tries inputs on."""

    kind: str
    target: Any
    reader: Any
    watch: Any
    counts: memoryview
    work: Path
    findings: Path

    def outcome(self, data: bytes) -> tuple[str, str]:
        """``read``, ``refused`` or what went wrong, and its description."""
        inputs, outputs = self.work / "in", self.work / "out"
        path = inputs / self.target.name
        path.write_bytes(data)
        found: tuple[str, str] = self.watch.problem(self.reader, path, outputs)
        left = set(os.listdir(self.work)) - {"in", "out", "log", "held"}
        if left or os.listdir(inputs) != [self.target.name]:
            return "left", f"{sorted(left)} {os.listdir(inputs)}"
        empty(outputs)
        return found

    def try_(self, data: bytes) -> None:
        """Count an input, and keep it if it goes wrong, with what is not needed for that removed."""
        self.counts[RAN] += 1
        outcome, told = self.outcome(data)
        if outcome in ("read", "refused"):
            self.counts[READ if outcome == "read" else REFUSED] += 1
            return
        self.counts[WRONG] += 1
        if not kept(self.kind, outcome, self.findings).exists():
            data = smallest(data, lambda part: self.outcome(part)[0] == outcome)
        keep(self.kind, outcome, told, data, self.findings)


def smallest(data: bytes, is_wrong: Callable[[bytes], bool], tries: int = 300) -> bytes:
    """A part of an input that still goes wrong, found by leaving out halves, quarters and so on."""
    size = len(data) // 2
    while size and tries:
        at = 0
        while at < len(data) and tries:
            tries -= 1
            part = data[:at] + data[at + size :]
            if is_wrong(part):
                data = part
            else:
                at += size
        size //= 2
    return data


def _child(bench: Bench, corpus: Path, batch: int, seed: int) -> None:
    import atheris

    log = os.open(bench.work / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for limit, size in ((resource.RLIMIT_FSIZE, 256 << 20), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (size, size))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def change(data: bytes, size: int, number: int) -> bytes:
        dice = random.Random(number)
        changed: bytes = bench.target.change(
            data, dice, lambda part: atheris.Mutate(part, max(len(part) + 16, 16))
        )
        return changed[:size]

    options = [
        *(f"-runs={batch}", f"-timeout={SECONDS}", f"-seed={seed}", "-rss_limit_mb=4096"),
        *(f"-max_len={bench.target.max_bytes}", f"-artifact_prefix={bench.work}/held", "-verbosity=0"),
        *("-reduce_inputs=0", "-len_control=0"),
    ]
    atheris.Setup(["fuzz", *options, str(corpus)], bench.try_, custom_mutator=change)
    atheris.Fuzz()
    os._exit(0)


def kept(kind: str, outcome: str, findings: Path) -> Path:
    """Where the input that went wrong in this way is kept."""
    return findings / f"{kind}-{hashlib.sha256(outcome.encode()).hexdigest()[:10]}.bin"


def keep(kind: str, outcome: str, told: str, data: bytes, findings: Path) -> None:
    """Keep an input that went wrong: the smallest of each way to go wrong."""
    known = kept(kind, outcome, findings)
    if not known.exists() or known.stat().st_size > len(data):
        known.write_bytes(data)
        known.with_suffix(".txt").write_text(f"{outcome}\n{told}\n")


def _keep_crash(kind: str, ended: int, work: Path, findings: Path) -> None:
    held = sorted(work.glob("held*"))
    log = (work / "log").read_text(errors="replace")[-3000:] if (work / "log").exists() else ""
    data = held[0].read_bytes() if held else b""
    what = held[0].name.removeprefix("held").partition("-")[0] if held else "ended"
    keep(kind, f"native {what} {ended}", log, data, findings)
    for path in held:
        path.unlink()


def empty(folder: Path) -> None:
    """Remove what a reader wrote."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


if __name__ == "__main__":
    raise SystemExit(main())
