"""The photos of a source, by their names alone: a million files are not opened to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import pyarrow as pa

from edge.archive.places import OWN, QUARANTINE
from edge.archive.plans.naming import expected_key
from edge.archive.scratch import scratch
from edge.archive.stores.store import Listed, Store
from edge.batch.planning.find import DEFAULT_EXCLUDE, is_excluded
from edge.batch.sidecars import candidates
from edge.photo.headers.kinds import kind_by_suffix

_SIDECARS = (".xmp", ".json")
_BATCH = 10_000
_SCHEMA = pa.schema([("key", pa.string()), ("size", pa.int64()), ("etag", pa.string())])


@dataclass
class Listing:
    """What a source holds."""

    photos: int = 0
    planned: int = 0
    """Photos that an earlier plan has, as they are now."""
    size: int = 0
    """Bytes of the photos that no plan has."""
    new: int = 0
    """Photos that no plan has."""
    not_read: int = 0
    """Pictures of kinds that are not read, such as cameras' raw files."""
    others: int = 0
    """Files that are no pictures by their names."""
    excluded: int = 0
    unlisted: list[str] = field(default_factory=list)
    """Sentences about what could not be listed."""
    _sidecars: set[bytes] = field(default_factory=set)
    _results: set[bytes] = field(default_factory=set)
    _shared: set[bytes] = field(default_factory=set)
    _spool: Path | None = None

    def found(self) -> Iterator[Listed]:
        """The new photos, in the order of the listing."""
        with pa.OSFile(str(self._spool)) as file, pa.ipc.open_stream(file) as batches:
            for batch in batches:
                for row in batch.to_pylist():
                    yield Listed(**row)

    def is_apart(self, key: str) -> bool:
        """Whether a photo's result needs a longer name, since another one would have its own."""
        expected = expected_key(key)
        return expected != key and short(expected) in self._shared

    def sidecars(self, key: str) -> list[str]:
        """The keys of the files that may hold what is known about a photo."""
        if not self._sidecars:
            return []
        photo, result = PurePosixPath(key), PurePosixPath(expected_key(key))
        names = (str(sidecar) for sidecar, _ in candidates(Path(photo), Path(result)))
        return [name for name in dict.fromkeys(names) if short(name) in self._sidecars]


@contextmanager
def listed(
    source: Store, exclude: Sequence[str], is_known: Callable[[str, str], bool], told: Callable[[int], None]
) -> Iterator[Listing]:
    """List a source once. What it holds is on this computer's disk, and in memory some bytes for each file.

    Args:
        source: The store of the scans.
        exclude: As for `edge.batch.planning.find.find_photos`.
        is_known: Whether a plan has a key with this etag.
        told: Called with the number of files, now and then.

    Raises:
        StoreFailed: It can't be listed.
    """
    found = Listing()
    excluded = _Excluded(exclude)
    with scratch() as place:
        found._spool = place / "new"
        with (
            pa.OSFile(str(found._spool), "wb") as file,
            pa.ipc.new_stream(file, _SCHEMA) as spool,
        ):
            batch: list[Listed] = []
            for count, one in enumerate(source.list(said=found.unlisted.append)):
                if count % _BATCH == 0:
                    told(count)
                if _is_new(one, found, excluded, is_known):
                    batch.append(one)
                if len(batch) == _BATCH:
                    _spool(batch, spool)
            if batch:
                _spool(batch, spool)
        yield found


def short(key: str) -> bytes:
    """A key in 16 bytes."""
    return blake2b(key.encode(errors="surrogateescape"), digest_size=16).digest()


class _Excluded:
    """Whether keys are left out by the patterns."""

    def __init__(self, exclude: Sequence[str]) -> None:
        patterns = [pattern.casefold() for pattern in (*DEFAULT_EXCLUDE, *exclude)]

        @lru_cache(1 << 16)
        def folder(key: str) -> bool:
            above = key.rpartition("/")[0]
            return bool(key) and (folder(above) or is_excluded(Path(key), Path(), patterns, True))

        self.folder = folder
        self.file: Callable[[str], bool] = lambda key: is_excluded(Path(key), Path(), patterns, False)


def _is_new(one: Listed, found: Listing, excluded: _Excluded, is_known: Callable[[str, str], bool]) -> bool:
    """Whether a file is a photo that no plan has; counts it."""
    if one.key.startswith((OWN, QUARANTINE)):
        return False
    if excluded.folder(one.key.rpartition("/")[0]) or excluded.file(one.key):
        found.excluded += 1
        return False
    kind = kind_by_suffix(Path(one.key))
    if kind is None:
        found.others += 1
        if one.key.lower().endswith(_SIDECARS):
            found._sidecars.add(short(one.key))
        return False
    if kind.format is None:
        found.not_read += 1
        return False
    found.photos += 1
    result = short(expected_key(one.key))
    (found._shared if result in found._results else found._results).add(result)
    if is_known(one.key, one.etag):
        found.planned += 1
        return False
    found.new += 1
    found.size += one.size
    return True


def _spool(batch: list[Listed], spool: pa.RecordBatchWriter) -> None:
    columns = [[one.key for one in batch], [one.size for one in batch], [one.etag for one in batch]]
    spool.write_batch(pa.record_batch(columns, schema=_SCHEMA))
    batch.clear()
