"""The engine of a cluster: actors of Ray, each with a process that restores its photos.

Ray Data deals out shards and keeps a pool of actors that grows and shrinks. Its rows hold keys and results,
never pixels: actors read and write the stores themselves, so nothing but them takes CPUs.
"""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

import msgspec
import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.exceptions import RayError

from edge.archive.engines import Workers
from edge.archive.plans.shard import Shard
from edge.archive.work.context import Context, ShardResult
from edge.archive.work.worker import ShardWorker
from edge.errors import HeirloomError, OptionRefused, sentence_of
from edge.workers.limits import memory_limit
from edge.workers.restoring import BundleNetworks

ROUND = 4096
"""Shards that are handed to Ray at once: some hundred thousand keys."""
HOPELESS = 8
"""Actors that end in a round in which no shard is done, before it is the cluster that is at fault."""
ACTOR_BYTES = 400_000_000
"""Of an actor itself, beside the process that restores photos."""
_GPU = ("onnx-cuda", "onnx-tensorrt")


class ClusterFailed(HeirloomError):
    """A cluster can't be reached, has ended, or has no worker that works."""


def run(
    shards: Iterable[Shard], context: Context, workers: Workers, address: str | None = None
) -> Generator[ShardResult, None, None]:
    """See `edge.archive.engines.Engine`.

    Args:
        shards: The shards.
        context: What actors are given.
        workers: How many actors: the pool grows while shards wait, if the cluster has room.
        address: Of the cluster, ``auto`` or ``HOST:PORT``; None: ``RAY_ADDRESS``, else the one that runs on
            this computer, else one that is started and ended with this run.

    Raises:
        ClusterFailed: See there.
        OptionRefused: No computer of the cluster has what a worker needs, or it is no such address.
    """
    waiting = iter(shards)
    _quiet()
    with _cluster(address):
        while taken := list(islice(waiting, ROUND)):
            left = {shard.name for shard in taken}
            with closing(_dealt(taken, context, workers)) as results:
                for result in results:
                    left.discard(result.shard)
                    yield result
            for name in sorted(left):
                yield ShardResult(name, "died")
            if len(left) == len(taken) >= HOPELESS:
                raise ClusterFailed(
                    f"All {len(left)} shards have ended their workers, as happens where computers have "
                    "less memory than workers take: give a smaller --max-memory."
                )


def _dealt(
    shards: Iterable[Shard], context: Context, workers: Workers
) -> Generator[ShardResult, None, None]:
    """The results of these shards but those in which an actor has ended.

    Raises:
        ClusterFailed: See there.
    """
    needs = _needs(context)
    _require(needs)
    settings = DataContext.get_current().copy()
    settings.enable_progress_bars = False
    # A shard whose actor has ended is left out.
    settings.max_errored_blocks = -1
    # Actors have one shard each: one that waits for another would be lost with it, and be blamed.
    settings.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
    pool = ActorPoolStrategy(min_size=workers.least, max_size=workers.most, max_tasks_in_flight_per_actor=1)
    with DataContext.current(settings):
        rows = ray.data.from_blocks([_table("shard", msgspec.msgpack.encode(shard)) for shard in shards])
        answers = _mapped(rows, context, pool, needs)
        try:
            with closing(iter(answers.iter_batches(batch_size=1, batch_format="pyarrow"))) as batches:
                for batch in batches:
                    yield _result(batch["result"][0].as_py())
        except RayError as error:
            raise ClusterFailed(
                f"The cluster fails: {_first_line(error)} Run the command again to go on."
            ) from error


def _mapped(rows: Any, context: Context, pool: ActorPoolStrategy, needs: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        # This release has no other way to say how often a shard is tried; later ones are not used.
        warnings.simplefilter("ignore")
        return rows.map_batches(
            _Restorer,
            fn_constructor_args=(context,),
            batch_size=1,
            batch_format="pyarrow",
            compute=pool,
            ray_remote_args_fn=_not_again,
            **needs,
        )


def _not_again() -> dict[str, Any]:
    """Options of actors: they are started again, but their shards are the driver's concern."""
    return {"max_task_retries": 0}


class _Failed(msgspec.Struct, frozen=True, tag="failed"):
    """No shard can be done on a computer."""

    sentence: str


class _Done(msgspec.Struct, frozen=True, tag="done"):
    """What became of a shard."""

    result: ShardResult


class _Restorer:
    """An actor."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._worker: ShardWorker | None = None

    def __call__(self, batch: Any) -> Any:
        shard = msgspec.msgpack.decode(batch["shard"][0].as_py(), type=Shard)
        return _table("result", msgspec.msgpack.encode(self._answer(shard)))

    def _answer(self, shard: Shard) -> _Done | _Failed:
        if shard.memory:
            # The driver's computer may have more than this one.
            shard = msgspec.structs.replace(shard, memory=min(shard.memory, memory_limit(None)))
        try:
            if self._worker is None:
                self._worker = ShardWorker(self._context)
            return _Done(self._worker.run(shard))
        except (HeirloomError, OSError) as error:
            return _Failed(sentence_of(error))
        except Exception as error:
            # Raised, it would count as an actor that has ended.
            return _Failed(f"{type(error).__name__}: {error}")


def _result(answer: bytes) -> ShardResult:
    found = msgspec.msgpack.decode(answer, type=_Done | _Failed)
    if isinstance(found, _Failed):
        raise ClusterFailed(found.sentence)
    return found.result


def _table(name: str, row: bytes) -> Any:
    return pa.table({name: pa.array([row], pa.binary())})


def _needs(context: Context) -> dict[str, Any]:
    """What Ray keeps free for an actor."""
    networks = context.setup.networks
    gpu = isinstance(networks, BundleNetworks) and networks.runtime in _GPU
    memory = memory_limit(context.setup.max_memory) + ACTOR_BYTES
    return {"num_cpus": 1, "num_gpus": int(gpu), "memory": memory}


def _require(needs: dict[str, Any]) -> None:
    """Raise `OptionRefused` if no computer has that much: Ray would wait for one for ever.

    A cluster that starts computers when they are needed has none that could work meanwhile.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    for need, name in names.items():
        most = max((node.get(name, 0) for node in nodes), default=needs[need])
        if most < needs[need]:
            unit, size = ("GB of memory", 1e9) if name == "memory" else (name, 1)
            raise OptionRefused(
                f"A worker needs {needs[need] / size:.3g} {unit}, and no computer of the cluster has more "
                f"than {most / size:.3g}: "
                + ("give a smaller --max-memory." if name == "memory" else "add one.")
            )


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Connect to a cluster, or start one, and leave or end it afterwards."""
    if ray.is_initialized():
        yield
        return
    if address and address.startswith("ray://"):
        raise OptionRefused(
            f"Ray Data does not work over {address}: run the command on a computer of the cluster, with "
            "--address auto, or hand it in with `ray job submit`."
        )
    # For a cluster that is started here: it would send figures of its use to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        raise ClusterFailed(
            f"The cluster{f' at {address}' if address else ''} cannot be reached: {_first_line(error)}"
        ) from error
    finally:
        # Ray's own would end the process without a summary.
        signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        ray.shutdown()


def _quiet() -> None:
    """Leave what Ray Data says to its log file, but for that a cluster has no room."""
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.addFilter(_of_room)


def _of_room(record: logging.LogRecord) -> bool:
    return record.module == "resource_manager"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".") + "."
