"""The driver: has an engine do all shards that are left, until every photo has its final row.

It keeps nothing that is not in the target: another one takes up where it was stopped, or killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from edge.archive.engines import Engine, Workers
from edge.archive.places import DEATHS, QUARANTINE, name_of, part_key
from edge.archive.planning import plan_again
from edge.archive.plans.plan import Plan
from edge.archive.plans.shard import Scan, Shard
from edge.archive.results.row import Row, encoded
from edge.archive.results.standing import part_names
from edge.archive.scratch import scratch
from edge.archive.stores.opening import open_store
from edge.archive.stores.store import NotThere, Store, StoreFailed
from edge.archive.work.context import Context, ShardResult
from edge.errors import WorkerStopped
from edge.files import fitting
from edge.workers.limits import memory_limit

DEATHS_ALLOWED = 2
"""Of workers in a shard, before it is halved to find the photo that ends them."""
PATIENCE = 3
"""Shards in a row that are given back for a failure, before the run ends."""


def restore_all(
    target: Store,
    plans: Sequence[Plan],
    folder: Path,
    context: Context,
    engine: Engine,
    workers: Workers,
    done: Callable[[ShardResult], None] = lambda result: None,
) -> None:
    """Have all shards done that are not committed; then photos that need more memory, one at a time.

    Args:
        target: The store of the results.
        plans: All its plans.
        folder: Of this computer, for copies of plans.
        context: What workers are given.
        engine: Has them work.
        workers: How many there may be.
        done: Called with what became of each shard.

    Raises:
        StoreFailed: A store failed while shards were done, which are left.
        HeirloomError: What the engine raises.
    """
    while True:
        ordinary = [plan for plan in plans if plan.kind != "large"]
        _do(target, ordinary, context, engine, workers, done)
        memory = memory_limit(None)
        plans = plan_again(target, plans, folder, ["deferred"], "large", 1, memory)
        large = [plan for plan in plans if plan.kind == "large"]
        if not _has_any(pending(large, *_marks(target))):
            return
        _do(target, large, context, engine, Workers(1, 1), done)


def pending(plans: Sequence[Plan], committed: set[str], deaths: Counter[str]) -> Iterator[Shard]:
    """The shards that are left, halved where workers have died.

    Args:
        plans: The plans.
        committed: As from `part_names`.
        deaths: How many workers have died in which shard.
    """
    begun = {name.partition(".")[0] for name in committed}
    for plan in plans:
        for shard in plan.shards():
            if shard.name in begun or deaths[shard.name]:
                yield from _left(shard, committed, deaths)
            else:
                yield shard


def _left(shard: Shard, committed: set[str], deaths: Counter[str]) -> Iterator[Shard]:
    """What is left of a shard."""
    died = deaths[shard.name]
    if shard.name in committed:
        return
    if died >= DEATHS_ALLOWED and len(shard.scans) > 1:
        for half in shard.halves:
            yield from _left(half, committed, deaths)
    else:
        yield Shard(shard.name, shard.kind, shard.day, shard.memory, died, shard.scans)


def _do(
    target: Store,
    plans: Sequence[Plan],
    context: Context,
    engine: Engine,
    workers: Workers,
    done: Callable[[ShardResult], None],
) -> None:
    """Have the shards of these plans done, in as many rounds as it takes."""
    given_back = 0
    while True:
        committed, deaths = _marks(target)
        for shard in pending(plans, committed, deaths) if deaths else ():
            if shard.attempt >= DEATHS_ALLOWED:
                _give_up(target, shard, context)
        left = pending(plans, *_marks(target))
        if (first := next(left, None)) is None:
            return
        with closing(_chained(engine, first, left, context, workers)) as results:
            for result in results:
                done(result)
                if result.state == "died":
                    count = deaths[result.shard] = deaths[result.shard] + 1
                    target.create(f"{DEATHS}{result.shard}-{count}", b"")
                given_back = given_back + 1 if result.state == "given back" else 0
                if given_back >= PATIENCE and result.sentence:
                    raise StoreFailed(f"{result.sentence} Run the command again to go on.")


def _chained(
    engine: Engine, first: Shard, others: Iterator[Shard], context: Context, workers: Workers
) -> Generator[ShardResult, None, None]:
    def shards() -> Iterator[Shard]:
        yield first
        yield from others

    return engine(shards(), context, workers)


def _marks(target: Store) -> tuple[set[str], Counter[str]]:
    """The shards that are committed, and how often workers have died in which."""
    deaths = Counter(name_of(one.key).rpartition("-")[0] for one in target.list(DEATHS))
    return part_names(target), deaths


def _has_any(shards: Iterator[Shard]) -> bool:
    return next(shards, None) is not None


def _give_up(target: Store, shard: Shard, context: Context) -> None:
    """Commit a photo that has ended several workers as failed. Raises `StoreFailed`."""
    (scan,) = shard.scans
    sentence = (
        f"{scan.key} ended {shard.attempt} workers that had nothing else to do: look at it with another "
        "program, and save it anew."
    )
    _set_aside(open_store(context.source), target, scan, sentence)
    row = Row(
        key=scan.key,
        etag=scan.etag,
        state="failed",
        error=WorkerStopped.__name__,
        sentence=sentence,
        attempt=shard.attempt,
    )
    target.create(part_key(shard.name), encoded([row], {}))


def _set_aside(source: Store, target: Store, scan: Scan, sentence: str) -> None:
    """Copy a scan to the quarantine, with a sentence beside it."""
    with scratch() as place:
        copy = fitting(place / Path(scan.key).name, "")
        try:
            source.fetch(scan.key, copy)
        except NotThere:
            return
        target.create(QUARANTINE + scan.key, copy)
    target.create(f"{QUARANTINE}{scan.key}.txt", (sentence + "\n").encode())
