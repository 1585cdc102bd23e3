"""Work on one tile while the network runs on the next: numpy and the runtimes release Python's lock."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TypeVar

from edge.memory import share_one_arena

Item = TypeVar("Item")


@contextmanager
def ahead(items: Generator[Item]) -> Iterator[Iterator[Item]]:
    """The same items, of which another thread makes each while the one before is used.

    No more than one is made in advance. What the thread raises is raised here when its item's turn comes.
    At the end, early or not, the item under way is waited for and ``items`` closed.
    """
    share_one_arena()
    end = object()
    with closing(items), ThreadPoolExecutor(1) as thread:

        def in_turn() -> Iterator[Item]:
            coming = thread.submit(next, items, end)
            while (item := coming.result()) is not end:
                coming = thread.submit(next, items, end)
                yield item  # type: ignore[misc]

        yield in_turn()
