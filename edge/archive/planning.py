"""Planning: what is new in the source, what needs more memory, and what is to be tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from edge.archive.plans.listing import Listing, listed, short
from edge.archive.plans.plan import Plan, cut, read_plans, write_plan
from edge.archive.plans.shard import PlanKind, Scan
from edge.archive.results.standing import standing
from edge.archive.stores.store import Store, StoreFailed

_TRIES = 5
"""At a number for a plan, while other runs write plans too."""


def planned(
    source: Store,
    target: Store,
    folder: Path,
    exclude: Sequence[str],
    workers: int,
    told: Callable[[int], None] = lambda files: None,
) -> tuple[list[Plan], Listing]:
    """List the source and plan what no plan has, or has otherwise; all plans, and what the listing found.

    Args:
        source: The store of the scans.
        target: The store of the results.
        folder: A folder of this computer for copies of plans.
        exclude: As for `edge.batch.planning.find.find_photos`.
        workers: How many workers there will be.
        told: Called with the number of files listed, now and then.

    Raises:
        StoreFailed: A store fails.
    """
    for _ in range(_TRIES):
        plans = read_plans(target, folder)
        known = _etags(plans)

        def is_known(key: str, etag: str, known: dict[bytes, int] = known) -> bool:
            return known.get(short(key)) == hash(etag)

        with listed(source, exclude, is_known, told) as found:
            if not found.new:
                return plans, found
            changed = dict(_restored(target, plans, known, found))
            scans = (
                Scan(
                    one.key,
                    one.size,
                    one.etag,
                    found.is_apart(one.key),
                    found.sidecars(one.key),
                    *changed.get(one.key, ("", "")),
                )
                for one in found.found()
            )
            shards = cut(scans, found.new, found.size, workers)
            if write_plan(target, _next(plans), "scan", _today(), 0, shards):
                return read_plans(target, folder), found
    raise StoreFailed(f"Other runs write plans to {target.address} all the time; try again later.")


def plan_again(
    target: Store,
    plans: Sequence[Plan],
    folder: Path,
    states: Iterable[str],
    kind: PlanKind,
    workers: int,
    memory: int = 0,
) -> list[Plan]:
    """Plan the photos again whose rows have one of these states; all plans. Raises `StoreFailed`."""
    rows = standing(target, plans, ()).rows
    keys = rows.filter(pc.is_in(rows["state"], pa.array(list(states))))["key"].combine_chunks()
    if not len(keys):
        return list(plans)
    latest = {scan.key: scan for plan in plans for scan in plan.scans(keys)}
    scans = [latest[key] for key in keys.to_pylist()]
    shards = cut(scans, len(scans), sum(scan.size for scan in scans), workers)
    # If another run was faster, its plan is as good.
    write_plan(target, _next(plans), kind, _today(), memory, shards)
    return read_plans(target, folder)


def _etags(plans: Sequence[Plan]) -> dict[bytes, int]:
    """Of each key, in few bytes, what stands for its etag in the latest plan."""
    known: dict[bytes, int] = {}
    for plan in plans:
        for batch in plan.batches("key", "etag"):
            for key, etag in zip(batch["key"].to_pylist(), batch["etag"].to_pylist(), strict=True):
                known[short(key)] = hash(etag)
    return known


def _restored(
    target: Store, plans: Sequence[Plan], known: dict[bytes, int], found: Listing
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Of the new photos that have been restored under another etag, digests of photo and result."""
    changed = [one.key for one in found.found() if short(one.key) in known] if known else []
    if not changed:
        return
    rows = standing(target, plans, ("sha256_in", "sha256_out")).rows
    for row in rows.filter(pc.is_in(rows["key"], pa.array(changed))).to_pylist():
        if row["sha256_in"] and row["sha256_out"]:
            yield row["key"], (row["sha256_in"], row["sha256_out"])


def _next(plans: Sequence[Plan]) -> int:
    return plans[-1].number + 1 if plans else 1


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
