"""How an archive stands: the rows that count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge.archive.places import PARTS, name_of, part_key
from edge.archive.plans.plan import Plan
from edge.archive.results.row import BEGAN, ENDED, STATES, decoded
from edge.archive.stores.store import Store, StoreFailed

READERS = 16
"""Parts that are read at once."""
_AT_ONCE = 256
RECENT = 3600.0
"""Seconds before the last commit by which the rate is known."""


def part_names(target: Store) -> set[str]:
    """The shards that are committed: not the halves of one that is committed as a whole."""
    names = {name_of(one.key) for one in target.list(PARTS) if one.key.endswith(".parquet")}
    return {name for name in names if names.isdisjoint(_wholes(name))}


def _wholes(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


@dataclass(frozen=True)
class Standing:
    """The rows that count: of each photo, the one of the latest plan that has it."""

    rows: Any
    """A table of Arrow, with the columns that were asked for."""
    photos: int
    """In all plans, each once."""
    rate: float | None
    """Photos a second in the hour before the last commit; None if there was none."""
    last: datetime | None
    """When the last shard was committed."""

    @property
    def left(self) -> int:
        """Photos without a row."""
        return self.photos - len(self.rows)

    def counts(self) -> dict[str, int]:
        """Rows by their state."""
        found: Counter[str] = Counter()
        for state, _, count in self._counted():
            found[state] += count
        return {state: found[state] for state in STATES if state in found}

    def failures(self) -> dict[str, int]:
        """Rows that are neither restored nor deferred by their error, the most frequent first."""
        found: Counter[str] = Counter()
        for state, error, count in self._counted():
            if state not in ("restored", "deferred"):
                found[error or "unknown"] += count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _counted(self) -> Iterator[tuple[str, str | None, int]]:
        """Rows by state and error."""
        groups = self.rows.group_by(["state", "error"]).aggregate([([], "count_all")])
        for group in groups.to_pylist():
            yield group["state"], group["error"], group["count_all"]


def standing(
    target: Store,
    plans: Sequence[Plan],
    columns: Iterable[str],
    told: Callable[[int, int], None] = lambda done, all_: None,
) -> Standing:
    """Read all parts.

    Args:
        target: The store of the results.
        plans: All its plans.
        columns: Columns of `edge.archive.results.row.Row`, beside ``key`` and ``state``.
        told: Called with the number of parts read, and of all.

    Raises:
        StoreFailed: A part can't be read.
    """
    wanted = list(dict.fromkeys(["key", "state", "error", *columns]))
    names = sorted(part_names(target))
    tables, times = [], []

    def table_of(name: str, part: bytes) -> Any:
        try:
            return decoded(part, wanted)
        except (pa.ArrowException, KeyError, ValueError) as error:
            raise StoreFailed(
                f"{part_key(name)} in {target.address} is no part of an archive; move it away."
            ) from error

    # Threads wait for the store alone: what they decode, they would decode one after the other.
    with ThreadPoolExecutor(READERS) as readers:
        for count, (name, part) in enumerate(_read(target, names, readers)):
            table = table_of(name, part)
            about = table.schema.metadata or {}
            times.append(
                (float(about.get(BEGAN.encode(), 0)), float(about.get(ENDED.encode(), 0)), len(table))
            )
            tables.append(table.replace_schema_metadata(None))
            told(count + 1, len(names))
    latest = _latest(plans)
    rate, last = _rate(times)
    if not tables:
        empty = pa.table({name: pa.array([], pa.string()) for name in wanted})
        return Standing(empty, len(latest) if latest else _photos(plans), rate, last)
    rows = pa.concat_tables(tables)
    if latest is None:
        return Standing(rows, _photos(plans), rate, last)
    plan = np.repeat([int(name.partition("-")[0]) for name in names], [len(table) for table in tables])
    place = pc.index_in(rows["key"], latest["key"])
    return Standing(
        rows.filter(pc.equal(latest["plan_max"].take(place), pa.array(plan, pa.int32()))),
        len(latest),
        rate,
        last,
    )


def _read(target: Store, names: Sequence[str], readers: ThreadPoolExecutor) -> Iterator[tuple[str, bytes]]:
    """The parts, of which a few hundred are in memory at once."""
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        yield from zip(some, readers.map(lambda name: target.read(part_key(name)), some), strict=True)


def _latest(plans: Sequence[Plan]) -> Any:
    """The number of the latest plan of each photo; None if there is but one plan."""
    if len(plans) < 2:
        return None
    tables = [plan.table("key") for plan in plans]
    numbered = [
        table.replace_schema_metadata(None).append_column(
            "plan", pa.repeat(pa.scalar(plan.number, pa.int32()), len(table))
        )
        for table, plan in zip(tables, plans, strict=True)
    ]
    return pa.concat_tables(numbered).group_by("key").aggregate([("plan", "max")]).combine_chunks()


def _photos(plans: Sequence[Plan]) -> int:
    return sum(plan.photos for plan in plans)


def _rate(times: Sequence[tuple[float, float, int]]) -> tuple[float | None, datetime | None]:
    """Photos a second of late, and the time of the last commit."""
    if not times:
        return None, None
    last = max(ended for _, ended, _ in times)
    recent = [each for each in times if each[1] >= last - RECENT]
    first = min(began for began, _, _ in recent)
    photos = sum(count for _, _, count in recent)
    rate = photos / (last - first) if last > first else None
    return rate, datetime.fromtimestamp(last, UTC)
