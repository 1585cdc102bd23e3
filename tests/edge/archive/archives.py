"""Small archives, and what became of their photos."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge.archive.engines import Workers, local
from edge.archive.identity import new_run
from edge.archive.plans.plan import Plan, read_plans
from edge.archive.plans.shard import Scan, Shard
from edge.archive.results.row import Row, rows_of
from edge.archive.results.standing import standing
from edge.archive.stores.opening import open_store
from edge.archive.work.context import Context, ShardResult
from edge.commands import restore
from edge.commands.archive import retry, run, status, verify
from edge.commands.summary import warn
from edge.errors import HeirloomError
from edge.photo.photo import DEFAULT_MAX_PIXELS
from edge.restore.options import Options
from edge.workers.restoring import BundleNetworks

IDLE = ("--strength", "0", "--scratches", "off", "--no-faces")
"""Options that leave photos as they are, for tests in which networks aren't the point."""
IDLE_OPTIONS = Options(strength=0, scratches="off", faces="off")
COMMANDS = {
    "archive": run.command,
    "archive status": status.command,
    "archive verify": verify.command,
    "archive retry": retry.command,
    "restore": restore.command,
}
DAY = "2026-01-31"


def heirloom(*words: object) -> int:
    """The exit status of a command, as of `edge.commands.main`, which looks through all packages first."""
    given = [str(word) for word in words]
    name = " ".join(given[:2]) if " ".join(given[:2]) in COMMANDS else given[0]
    try:
        COMMANDS[name](args=given[len(name.split()) :], prog_name=f"heirloom {name}")
    except HeirloomError as error:
        warn(str(error))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 1


def rows(target: Path | str) -> dict[str, Row]:
    """The rows that count, by their keys."""
    store = open_store(str(target))
    with tempfile.TemporaryDirectory() as folder:
        found = standing(store, read_plans(store, Path(folder)), Row.__struct_fields__)
    listed = rows_of(found.rows)
    assert len({row.key for row in listed}) == len(listed)
    return {row.key: row for row in listed}


def plans_of(target: Path | str, folder: Path) -> list[Plan]:
    return read_plans(open_store(str(target)), folder)


def context(source: Path | str, target: Path | str, memory: int = 1 << 30) -> Context:
    """What workers of an idle run are given."""
    networks = BundleNetworks(None, "int8")
    record = new_run(str(source), [], networks, IDLE_OPTIONS, DEFAULT_MAX_PIXELS, True, None, DAY)
    return record.context(str(target), memory)


def scans(source: Path | str) -> list[Scan]:
    return [Scan(one.key, one.size, one.etag) for one in open_store(str(source)).list()]


def shard(some: Sequence[Scan], name: str = "0001-000000", attempt: int = 0) -> Shard:
    return Shard(name, "scan", DAY, 0, attempt, list(some))


def done(shards: Sequence[Shard], given: Context, workers: int = 1) -> list[ShardResult]:
    """What became of shards, by the engine of this computer."""
    return list(local.run(shards, given, Workers(1, workers)))
