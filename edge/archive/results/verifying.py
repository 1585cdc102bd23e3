"""Whether every result is still there as it was written."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from edge.archive.plans.plan import Plan
from edge.archive.results.standing import standing
from edge.archive.stores.store import Store

READERS = 8
"""Results that are read at once."""


def wrong_results(
    target: Store,
    plans: Sequence[Plan],
    sample: int | None = None,
    told: Callable[[int, int], None] = lambda done, all_: None,
) -> Iterator[str]:
    """Read all results, or so many at random; yields a sentence for each that is missing or changed.

    ``told`` is called with the number of results read, and of all. Raises `StoreFailed`.
    """
    rows = standing(target, plans, ("output", "sha256_out")).rows
    rows = rows.filter(pc.equal(rows["state"], pa.scalar("restored")))
    if sample is not None and sample < len(rows):
        rows = rows.take(pa.array(sorted(random.sample(range(len(rows)), sample))))

    def problem(row: tuple[str, str]) -> str | None:
        output, sha256 = row
        found = target.sha256(output)
        if found == sha256:
            return None
        return (
            f"{output} is not there." if found is None else f"{output} was changed since it was restored."
        )

    pairs = iter(zip(rows["output"].to_pylist(), rows["sha256_out"].to_pylist(), strict=True))
    done = 0
    with ThreadPoolExecutor(READERS) as readers:
        while some := list(islice(pairs, 16 * READERS)):
            for found in readers.map(problem, some):
                done += 1
                told(done, len(rows))
                if found:
                    yield found
