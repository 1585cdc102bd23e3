"""A plan: the scans of an archive in shards, in one Parquet file that is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from edge.archive.places import PLANS, name_of, plan_key
from edge.archive.plans.shard import PlanKind, Scan, Shard
from edge.archive.scratch import scratch
from edge.archive.stores.store import Store, StoreFailed

MEAN = 128
"""Photos in a shard on average, in an archive of photos of one size; half to double of it in others."""
_TURNS = 4
"""Shards for each worker at least, so that none is left without work at the end."""
_ROWS = 16_384
"""Of a group in the file: what is in memory at once."""

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("etag", pa.string(), nullable=False),
        pa.field("apart", pa.bool_(), nullable=False),
        ("sidecars", pa.list_(pa.string())),
        ("known_in", pa.string()),
        ("known_out", pa.string()),
        pa.field("shard", pa.int32(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Plan:
    """A plan, of which there is a copy on this computer."""

    number: int
    """From 1; a later plan has the say about its photos."""
    kind: PlanKind
    day: str
    """When it was made, ``YYYY-MM-DD`` in UTC."""
    memory: int
    """Bytes for a worker's process; 0: as the worker is set up."""
    photos: int
    file: Path

    def shards(self) -> Iterator[Shard]:
        """The shards, in order; a few hundred are in memory at once."""
        number = 0
        scans: list[Scan] = []
        for batch in pq.ParquetFile(self.file).iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                if row["shard"] != number:
                    yield self._shard(number, scans)
                    number, scans = row["shard"], []
                scans.append(_scan(row))
        if scans:
            yield self._shard(number, scans)

    def batches(self, *columns: str) -> Iterator[Any]:
        """Some of its columns, in batches of Arrow."""
        yield from pq.ParquetFile(self.file).iter_batches(batch_size=_ROWS, columns=list(columns))

    def table(self, *columns: str) -> Any:
        """Some of its columns, as a table of Arrow."""
        return pq.ParquetFile(self.file).read(list(columns))

    def scans(self, keys: Any) -> Iterator[Scan]:
        """The scans with these keys, an array of Arrow."""
        for batch in pq.ParquetFile(self.file).iter_batches(batch_size=_ROWS):
            for row in batch.filter(pa.compute.is_in(batch["key"], keys)).to_pylist():
                yield _scan(row)

    def _shard(self, number: int, scans: list[Scan]) -> Shard:
        name = f"{self.number:04d}-{number:06d}"
        return Shard(name, self.kind, self.day, self.memory, 0, scans)


def read_plans(target: Store, folder: Path) -> list[Plan]:
    """All plans of a target, in order; copies lie in a folder of this computer, some perhaps already.

    Raises:
        StoreFailed: They can't be read.
    """
    plans = []
    for one in sorted(target.list(PLANS), key=lambda one: one.key):
        file = folder / f"{name_of(one.key)}.parquet"
        if not file.exists():
            target.fetch(one.key, file)
        try:
            read = pq.ParquetFile(file)
            about = {key.decode(): value.decode() for key, value in read.schema_arrow.metadata.items()}
            kind = msgspec.convert(about["kind"], PlanKind)
            number, rows = int(name_of(one.key)), read.metadata.num_rows
            plans.append(Plan(number, cast(PlanKind, kind), about["day"], int(about["memory"]), rows, file))
        except (pa.ArrowException, KeyError, ValueError, AttributeError, msgspec.MsgspecError) as error:
            raise StoreFailed(
                f"{one.key} in {target.address} is no plan of an archive; move it away."
            ) from error
    return plans


def write_plan(
    target: Store, number: int, kind: PlanKind, day: str, memory: int, shards: Iterable[Sequence[Scan]]
) -> bool:
    """Write a plan of these shards; False if there is one of that number. Raises `StoreFailed`."""
    about = {"kind": kind, "day": day, "memory": str(memory)}
    with scratch() as place:
        file = place / "plan"
        with pq.ParquetWriter(file, SCHEMA.with_metadata(about), compression="zstd") as writer:
            rows: list[dict[str, Any]] = []
            for shard, scans in enumerate(shards):
                rows += [msgspec.structs.asdict(scan) | {"shard": shard} for scan in scans]
                if len(rows) >= _ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                    rows = []
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
        return target.create(plan_key(number), file)


def cut(scans: Iterable[Scan], count: int, size: int, workers: int) -> Iterator[list[Scan]]:
    """Cut scans into shards of about as many bytes.

    Args:
        scans: The scans.
        count: How many there are.
        size: Their bytes.
        workers: How many workers there will be: a few photos are to be enough for all of them.
    """
    mean = max(1, min(MEAN, count // (_TURNS * workers)))
    goal = size * mean / max(1, count)
    shard: list[Scan] = []
    held = 0
    for scan in scans:
        shard.append(scan)
        held += scan.size
        full = held >= goal if goal else len(shard) >= mean
        if len(shard) >= 2 * mean or (full and len(shard) >= (mean + 1) // 2):
            yield shard
            shard, held = [], 0
    if shard:
        yield shard


def _scan(row: dict[str, Any]) -> Scan:
    return Scan(
        row["key"],
        row["size"],
        row["etag"],
        row["apart"],
        row["sidecars"] or [],
        row["known_in"] or "",
        row["known_out"] or "",
    )
