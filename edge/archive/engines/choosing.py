"""Engines by their names."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Literal, cast

from edge.archive.engines import Engine, Workers, local
from edge.archive.work.worker import Told
from edge.errors import MissingExtra, OptionRefused, install_hint
from edge.runtimes import available_threads

EngineName = Literal["local", "ray"]


def engine_of(name: EngineName, address: str | None, told: Told = lambda row: None) -> Engine:
    """The engine of a name.

    Args:
        name: Its name.
        address: Of a cluster, for engines that have one.
        told: Called with each row by the engine of this computer; others tell of whole shards alone.

    Raises:
        MissingExtra: Its packages are not installed.
        OptionRefused: It has no cluster.
    """
    if name == "local":
        if address:
            raise OptionRefused("--address needs an engine that has a cluster: add --engine ray.")
        return functools.partial(local.run, told=told)
    try:
        ray = importlib.import_module("edge.archive.engines.ray")
    except ImportError as error:
        raise MissingExtra(
            f"The engine ray needs packages that are not installed ({error}): "
            f"{install_hint('archive-ray')}."
        ) from error
    return cast(Engine, functools.partial(ray.run, address=address))


def workers_of(text: str | None) -> Workers:
    """How many workers ``N`` or ``N..M`` means; by default one for each core. Raises `OptionRefused`."""
    if text is None:
        return Workers(1, available_threads())
    match = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", text.strip())
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most:
        raise OptionRefused(f"--workers is {text}: write a number, or two of them like 2..8.")
    return Workers(least, most)
