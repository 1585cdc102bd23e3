"""The self-test in a process of its own: a network that crashes its runtime does not take the caller along.

A runtime trusts the networks that it loads as a system trusts a program: one changed byte may end the
process. So a bundle that does not ship is tried before its networks are loaded, once for each machine and
version of the runtime. This finds bundles that are damaged; who wants to do harm can write one that passes.

``python -m edge.runtimes.trial TASK`` is that process; it prints a line of JSON for each golden vector.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, BinaryIO

import msgspec
from msgspec.structs import replace

from edge import errors
from edge.bundle.bundle import MANIFEST_NAME, SHIPPED, Bundle, open_bundle
from edge.bundle.manifest import Artifact, Format, PartName, Precision
from edge.errors import BundleError, HeirloomError, NetworkCrashes, RuntimeUnavailable, sentence_of
from edge.files import file_sha256
from edge.runtimes import RUNTIMES, available_formats, available_threads
from edge.runtimes.selftest import (
    GoldenResult,
    GoldenRun,
    check_passed,
    difference,
    golden_runs,
    result_of,
    self_test,
    used_artifact,
)
from edge.system.processes import python
from edge.system.state import remember, remembers

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SILENCE = 60.0
"""Seconds that one golden vector may take; the first has the imports before it and gets `START` more."""
START = 60.0
ENDING = 10.0
"""Seconds that the process may take to end after its last answer."""

MAX_MEMORY = 4 << 30
"""Bytes that the process may allocate, where the system can limit that."""

LIBRARIES = ("ai-edge-litert", "tflite-runtime", "onnxruntime", "onnxruntime-gpu", "coremltools")
"""What runs networks: with another version of one, bundles are tried again."""

TRIED = "tried-bundles"


class Task(msgspec.Struct, frozen=True):
    """What is to be run."""

    folder: str
    digest: str
    formats: tuple[Format, ...]
    threads: int
    runtime: str | None
    smallest_only: bool = False
    precision: Precision | None = None
    """Only what is used in this precision; None: all."""


class Answer(msgspec.Struct, frozen=True):
    """What a golden vector has given."""

    difference: float | None = None
    """Largest difference in stored units; None: not finite."""
    kind: str = ""
    """Name of the error's class, if it could not be run."""
    sentence: str = ""


def self_test_apart(
    bundle: Bundle,
    threads: int = 1,
    runtime: str | None = None,
    must_pass: bool = False,
    smallest_only: bool = False,
) -> list[GoldenResult]:
    """Run all golden vectors whose format this machine runs.

    Those of a bundle that does not ship run in a process of their own.

    Args:
        bundle: An opened bundle.
        threads: CPU threads.
        runtime: Run only this runtime.
        must_pass: Raise SelfTestFailed if any vector differs.
        smallest_only: Run only the smallest tile of each network.

    Raises:
        MissingArtifact: The bundle has no golden vector for this machine.
        RuntimeUnavailable: No runtime is installed, or a network can't be loaded.
        InvalidManifest: A network is not what the manifest says.
        NetworkCrashes: A network ends its process, or never ends.
        SelfTestFailed: A vector differs; the message names it.
    """
    if ships(bundle):
        return self_test(bundle, threads, runtime, must_pass, smallest_only)
    formats = available_formats(runtime)
    task = Task(str(bundle.folder.resolve()), bundle.digest, formats, threads, runtime, smallest_only)
    runs = golden_runs(bundle, formats, smallest_only)
    answers = _ask(bundle, runs, task)
    for answer in answers:
        if answer.kind:
            raise _error_of(answer)
    results = _results(runs, answers)
    if must_pass:
        check_passed(results)
    return results


def require_tried(
    bundle: Bundle, part: PartName, precision: Precision, artifact: Artifact, runtime: str | None
) -> None:
    """Try what a bundle's networks do before one of them is loaded here, unless that has been done.

    A network that can't be loaded is left to the caller to find out.

    Args:
        bundle: The bundle.
        part: The part to be loaded.
        precision: The precision that is asked for; all that is used in it is tried at once.
        artifact: What is loaded of the part.
        runtime: Name of a runtime; None: the first that is installed.

    Raises:
        NetworkCrashes: A network ends its process, or never ends.
        SelfTestFailed: This part's network does not give its golden vectors.
    """
    if ships(bundle):
        return
    if runtime in RUNTIMES:
        runtime = RUNTIMES[runtime].tried_by or runtime
    folder = str(bundle.folder.resolve())
    task = Task(
        folder, bundle.digest, (artifact.format,), available_threads(), runtime, precision=precision
    )
    name = _mark(task)
    if remembers(TRIED, name):
        return
    if task not in _trials:
        runs = golden_runs(bundle, task.formats, precision=precision)
        results = _results(runs, _ask(bundle, runs, task))
        if len(results) == len(runs) and all(result.passed for result in results):
            remember(TRIED, name)
        _trials[task] = results
    here = part, artifact.format, artifact.precision
    check_passed([each for each in _trials[task] if (each.part, each.format, each.precision) == here])


def try_bundle(bundle: Bundle, precision: Precision, runtime: str | None) -> None:
    """Try at once what `require_tried` would: before processes with narrow limits load the networks.

    Raises:
        RuntimeUnavailable: No runtime is installed.
        NetworkCrashes: A network ends its process, or never ends.
        SelfTestFailed: A network does not give its golden vectors.
    """
    if bundle.digest == _shipped_digest():
        return
    formats = available_formats(runtime)
    for part in bundle.manifest.parts:
        if artifact := used_artifact(bundle, part, precision, formats):
            require_tried(bundle, part, precision, artifact, runtime)


_trials: dict[Task, list[GoldenResult]] = {}
"""What this process has tried: marks can't be left everywhere."""


def ships(bundle: Bundle) -> bool:
    """Whether this is the bundle that ships, or has its content."""
    return bundle.digest == _shipped_digest()


@cache
def _shipped_digest() -> str:
    try:
        return file_sha256(SHIPPED / MANIFEST_NAME)
    except OSError:
        return ""


def _mark(task: Task) -> str:
    """The name of a trial: of this bundle's content, wherever it lies, with these libraries."""
    known = [msgspec.json.encode(replace(task, folder="", threads=0)).decode(), platform.machine()]
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            known.append(f"{library} {version(library)}")
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def _results(runs: Sequence[GoldenRun], answers: Sequence[Answer]) -> list[GoldenResult]:
    """The results of the golden vectors that could be run."""
    return [
        result_of(run, float("inf") if answer.difference is None else answer.difference)
        for run, answer in zip(runs, answers, strict=True)
        if not answer.kind
    ]


def _ask(bundle: Bundle, runs: Sequence[GoldenRun], task: Task) -> list[Answer]:
    """The answers to the golden vectors, in their order. Raises NetworkCrashes and RuntimeUnavailable."""
    command = python("-m", "edge.runtimes.trial", msgspec.json.encode(task).decode())
    answers: list[Answer] = []
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        assert process.stdout
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            while len(answers) < len(runs) and (line := lines.get(timeout=_patience(answers))):
                answers.append(msgspec.json.decode(line, type=Answer))
        except queue.Empty:
            process.kill()
            raise NetworkCrashes(
                f"{_named(bundle, runs[len(answers)])} does not end: the bundle is damaged, or made to do "
                "harm; get it again from whom you trust."
            ) from None
        except msgspec.MsgspecError as error:
            process.kill()
            raise NetworkCrashes(f"{_named(bundle, runs[len(answers)])} disturbs its test.") from error
        except BaseException:  # Ctrl-C
            process.kill()
            raise
        finally:
            reader.join(ENDING)  # what it reads is closed next
        if len(answers) < len(runs):
            status = process.wait()
            if status > 0 and answers and answers[-1].kind:
                raise _error_of(answers[-1])
            said.seek(0)
            raise _gone(bundle, runs[len(answers)], status, said.read().decode(errors="replace"))
    return answers


def _patience(answers: Sequence[Answer]) -> float:
    """How many seconds the next answer may take."""
    return SILENCE if answers else SILENCE + START


def _read(stream: Any, lines: queue.SimpleQueue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _error_of(answer: Answer) -> HeirloomError:
    kind = getattr(errors, answer.kind, BundleError)
    return kind(answer.sentence) if issubclass(kind, HeirloomError) else BundleError(answer.sentence)


def _gone(bundle: Bundle, run: GoldenRun, status: int, said: str) -> HeirloomError:
    """Why the process has ended early."""
    if status > 0 and (last := said.strip().splitlines()[-1:]):
        return RuntimeUnavailable(f"The bundle can't be tested in a process of its own: {last[0]}.")
    how = f"exit status {status}"
    with contextlib.suppress(ValueError):
        how = signal.Signals(-status).name if status < 0 else how
    return NetworkCrashes(
        f"{_named(bundle, run)} makes its runtime crash ({how}): the bundle is damaged, or made to do "
        "harm; get it again from whom you trust."
    )


def _named(bundle: Bundle, run: GoldenRun) -> str:
    return f"The network {run} of {bundle.folder}"


def answered(task: Task) -> Iterator[Answer]:
    """Run the golden vectors one after the other. Raises HeirloomError."""
    bundle = open_bundle(task.folder)
    if bundle.digest != task.digest:
        raise BundleError(f"{task.folder} has changed meanwhile: open it again.")
    for run in golden_runs(bundle, task.formats, task.smallest_only, task.precision):
        try:
            found = difference(bundle, run, task.threads, task.runtime)
        except Exception as error:
            yield Answer(kind=type(error).__name__, sentence=sentence_of(error))
        else:
            yield Answer(difference=found)


def main(task: str) -> None:
    """Run the task within limits."""
    # Libraries print to standard output as they like: the answers get a descriptor of their own.
    out: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            most = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))

    def tell(answer: Answer) -> None:
        out.write(msgspec.json.encode(answer) + b"\n")
        out.flush()

    try:
        for answer in answered(msgspec.json.decode(task, type=Task)):
            tell(answer)
    except HeirloomError as error:
        tell(Answer(kind=type(error).__name__, sentence=str(error)))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
