"""One photo of a shard: from its scan in the source to its result in the target."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from edge.archive.places import QUARANTINE
from edge.archive.plans.naming import result_key
from edge.archive.plans.shard import Scan, Shard
from edge.archive.results.row import Row, State
from edge.archive.stores.store import Fetched, FileRefused, NotThere, Store
from edge.archive.work.context import Context
from edge.batch.planning.find import kind_or_none
from edge.batch.planning.pages import Job
from edge.batch.tasks import Made, Make
from edge.errors import (
    HeirloomError,
    MemoryBudgetExceeded,
    MemoryLimitReached,
    OutputConflict,
    TaskFailed,
    UnsupportedPhoto,
    WorkerStopped,
    kind_of,
    sentence_of,
)
from edge.files import file_sha256, fitting, printable

_MEMORY = (MemoryBudgetExceeded.__name__, MemoryLimitReached.__name__)
_FULL = ("No space left on device", "Disk quota exceeded")
_OF_THE_PHOTO = (MemoryBudgetExceeded, UnsupportedPhoto, TaskFailed, WorkerStopped, FileRefused)
_TRIES = 2
"""Of a photo that ends the process that restores it: it may have been something else that ended it."""


class ScratchFull(HeirloomError):
    """This computer's disk is full; no fault of a photo."""


@dataclass(frozen=True)
class Tools:
    """What a photo is restored with."""

    source: Store
    target: Store
    context: Context
    make: Callable[[Make, int], Made]
    """Has a photo restored in a process of at most so many bytes, or 0: as it is set up."""
    scratch: Path
    """A folder of this computer."""


def restored(scan: Scan, shard: Shard, tools: Tools) -> Row:
    """Restore a photo, or find out why it can't be.

    Raises:
        StoreFailed: A store fails, for whatever photo.
        ScratchFull: So does this computer's disk.
        OSError: Likewise.
        HeirloomError: Whatever else ``tools.make`` raises that is no fault of the photo.
    """
    with tempfile.TemporaryDirectory(dir=tools.scratch) as place:
        return _Attempt(scan, shard, tools, Path(place)).row()


class _Attempt:
    def __init__(self, scan: Scan, shard: Shard, tools: Tools, place: Path) -> None:
        self.scan, self.shard, self.tools, self.place = scan, shard, tools, place
        self.photo = place / "in" / fitting(Path(_name(scan.key)), "").name
        self.output = scan.key
        self.read: Fetched | None = None
        self.started = monotonic()
        self.tries = 0

    def row(self) -> Row:
        """The photo's row."""
        for folder in ("in", "out"):
            (self.place / folder).mkdir()
        try:
            self.read = self.tools.source.fetch(self.scan.key, self.photo)
        except NotThere:
            return self._missed(f"{self.scan.key} is not in the source any more.")
        except FileRefused as error:
            return self._row("failed", error=kind_of(error), sentence=str(error))
        if self.read.etag != self.scan.etag:
            return self._missed(
                f"{self.scan.key} was changed since it was planned; it is planned anew next time."
            )
        kind = kind_or_none(self.photo)
        self.output = result_key(self.scan.key, kind, self.scan.apart)
        try:
            if kind is not None and kind.format is None:
                raise UnsupportedPhoto(kind.sentence(self.scan.key))
            if row := self._known():
                return row
            return self._put(*self._made())
        except _OF_THE_PHOTO as error:
            return self._failed(error)

    def _known(self) -> Row | None:
        """The row if an earlier plan has restored the same content, and the result is there."""
        if self.read is None or self.scan.known_in != self.read.sha256:
            return None
        if self.tools.target.sha256(self.output) != self.scan.known_out:
            return None
        return self._row("restored", sha256_out=self.scan.known_out, done=["restored before"])

    def _made(self) -> tuple[Path, Made]:
        """Restore the photo: the result, and what was done."""
        for sidecar in self.scan.sidecars:
            try:
                self.tools.source.fetch(sidecar, self.photo.with_name(_name(sidecar)))
            except NotThere:
                continue
        result = self.place / "out" / _name(self.output)
        context = self.tools.context
        task = Make(
            job=Job(self.photo, result, None),
            options=context.options,
            max_pixels=context.max_pixels,
            max_memory=self.shard.memory or context.setup.max_memory,
            staging=result,
            picture=None,
            digests=False,
            note=context.note,
            keep_time=True,
            quality=context.quality,
            day=date.fromisoformat(self.shard.day),
        )
        while True:
            self.tries += 1
            try:
                return result, self.tools.make(task, self.shard.memory)
            except WorkerStopped:
                if self.tries == _TRIES:
                    raise
            except TaskFailed as error:
                if error.kind == OSError.__name__ and str(error).startswith(_FULL):
                    raise ScratchFull(
                        f"The disk of {tempfile.gettempdir()} is full: make room, or set TMPDIR to another "
                        "folder, and run the command again."
                    ) from error
                raise

    def _put(self, result: Path, made: Made) -> Row:
        """Write a result and its sidecars to the target."""
        if file_sha256(result) != made.output_sha256:
            raise WorkerStopped("The result was changed by another program before it was stored.")
        facts: dict[str, Any] = {
            "sha256_out": made.output_sha256,
            "bytes_out": result.stat().st_size,
            "megapixels": made.megapixels,
            "peak_memory": made.peak_memory,
        }
        if not self._ours(result, made.output_sha256):
            sentence = (
                f"{self.output} in the target is another file, which is left as it is: move it away and "
                "retry, or choose another target."
            )
            return self._row("conflict", error=OutputConflict.__name__, sentence=sentence)
        folder = self.output.rpartition("/")
        for sidecar in sorted(result.parent.iterdir()):
            if sidecar != result:
                self.tools.target.create(folder[0] + folder[1] + sidecar.name, sidecar)
        return self._row(
            "restored",
            done=list(made.done),
            filled=made.filled,
            faces=sum(face.refined for face in made.faces),
            tone="tone" in made.done,
            **facts,
        )

    def _ours(self, result: Path, sha256: str) -> bool:
        """Write the result; whether that, or the same, lies in its place now."""
        # A worker that was killed before its commit may have written it.
        target = self.tools.target
        return target.create(self.output, result) or target.sha256(self.output) == sha256

    def _failed(self, error: HeirloomError) -> Row:
        kind, sentence = kind_of(error), self._clean(sentence_of(error))
        if kind in _MEMORY and self.shard.kind != "large":
            return self._row("deferred", error=kind, sentence=sentence)
        with suppress(FileRefused):
            self.tools.target.create(QUARANTINE + self.scan.key, self.photo)
            self.tools.target.create(f"{QUARANTINE}{self.scan.key}.txt", (sentence + "\n").encode())
        return self._row("failed", error=kind, sentence=sentence)

    def _missed(self, sentence: str) -> Row:
        return self._row("changed", error="Changed", sentence=sentence)

    def _clean(self, sentence: str) -> str:
        """A sentence that names keys, not this computer's files."""
        result = self.place / "out" / _name(self.output)
        for path, key in ((self.photo, self.scan.key), (result, self.output)):
            sentence = sentence.replace(str(path), key)
        return printable(sentence)

    def _row(self, state: State, **facts: Any) -> Row:
        read = self.read
        return Row(
            key=self.scan.key,
            etag=self.scan.etag,
            sha256_in=read.sha256 if read else None,
            bytes_in=read.size if read else 0,
            output=self.output if state in ("restored", "conflict") else None,
            state=state,
            seconds=round(monotonic() - self.started, 3),
            node=platform.node(),
            attempt=self.shard.attempt + max(1, self.tries),
            **facts,
        )


def _name(key: str) -> str:
    return os.path.basename(key)
