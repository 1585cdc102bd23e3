"""The engine of one computer: a thread for each worker, with a process that restores its photos."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from time import monotonic

from edge.archive.engines import Workers
from edge.archive.plans.shard import Shard
from edge.archive.work.context import Context, ShardResult
from edge.archive.work.worker import ShardWorker, Told

_LOOK = 0.5
"""Seconds between two looks whether the run is stopped."""
_PATIENCE = 10.0
"""Seconds for workers to stop: a store that hangs keeps them, but not the process from ending."""


def run(
    shards: Iterable[Shard], context: Context, workers: Workers, told: Told = lambda row: None
) -> Generator[ShardResult, None, None]:
    """See `edge.archive.engines.Engine`. ``told`` is called in the threads of the ``workers.most``."""
    waiting, turn = iter(shards), threading.Lock()
    results: queue.SimpleQueue[ShardResult | BaseException | None] = queue.SimpleQueue()
    ends = threading.Event()

    def work(worker: ShardWorker) -> None:
        try:
            while not ends.is_set():
                with turn:
                    shard = next(waiting, None)
                if shard is None:
                    return
                results.put(worker.run(shard, told))
        except BaseException as error:
            results.put(error)
        finally:
            worker.close()
            results.put(None)

    started: list[tuple[ShardWorker, threading.Thread]] = []
    try:
        for _ in range(workers.most):
            worker = ShardWorker(context)
            started.append((worker, threading.Thread(target=work, args=(worker,), daemon=True)))
            started[-1][1].start()
        left = len(started)
        while left:
            try:
                result = results.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if result is None:
                left -= 1
            elif isinstance(result, ShardResult):
                yield result
            else:
                raise result
    finally:
        ends.set()
        until = monotonic() + _PATIENCE
        while monotonic() < until and (alive := [each for each in started if each[1].is_alive()]):
            for worker, _ in alive:
                worker.stop()
            alive[0][1].join(_LOOK)
