"""The driver and its workers: each photo gets one row, whatever happens to workers and stores."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from edge.archive.driver import pending, restore_all
from edge.archive.engines import Engine, Workers, local
from edge.archive.places import DEATHS, part_key
from edge.archive.planning import planned
from edge.archive.plans.plan import write_plan
from edge.archive.plans.shard import Scan, Shard
from edge.archive.results.row import decoded, rows_of
from edge.archive.stores.folder import Folder
from edge.archive.stores.store import StoreFailed
from edge.archive.work.context import Context, ShardResult
from edge.archive.work.worker import ShardWorker
from edge.errors import ChecksumMismatch
from tests.edge.archive.archives import context, done, plans_of, rows, scans, shard
from tests.edge.restoring import write_photos


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    write_photos(tmp_path / "in", 5)
    return tmp_path / "in", tmp_path / "out"


def test_a_worker_commits_once_and_overwrites_nothing(places: tuple[Path, Path]) -> None:
    source, target = places
    all_, given = scans(source), context(source, target)
    whole = shard(all_)
    (target / all_[0].key).parent.mkdir(parents=True)
    (target / all_[0].key).write_bytes(b"theirs")
    (source / all_[1].key).write_bytes(b"newer")
    (source / all_[2].key).unlink()
    worker = ShardWorker(given)
    try:
        first = worker.run(whole)
        assert (first.state, first.counts) == ("committed", {"conflict": 1, "changed": 2, "restored": 2})
        part = target / part_key(whole.name)
        committed = part.read_bytes()
        assert worker.run(whole).state == "lost"
        # Killed after the results were written, and before the commit:
        part.unlink()
        assert worker.run(whole).counts == first.counts
        part.unlink()
        # Another worker commits while this one is at the shard:
        result = worker.run(whole, lambda row: part.write_bytes(committed) and None)
        assert result.state == "lost" and part.read_bytes() == committed
    finally:
        worker.close()
    assert (target / all_[0].key).read_bytes() == b"theirs"
    table = rows_of(decoded(committed))
    assert [row.key for row in table] == [scan.key for scan in all_]
    assert all((target / row.output).is_file() for row in table if row.output)


def dying(key: str) -> Engine:
    """An engine whose workers end when they get a certain photo."""

    def run(
        shards: Iterable[Shard], given: Context, workers: Workers
    ) -> Generator[ShardResult, None, None]:
        worker = ShardWorker(given)
        try:
            for one in shards:
                if any(scan.key == key for scan in one.scans):
                    yield ShardResult(one.name, "died")
                else:
                    yield worker.run(one)
        finally:
            worker.close()

    return run


def test_a_shard_is_halved_down_to_what_ends_workers(places: tuple[Path, Path], tmp_path: Path) -> None:
    source, target = places
    all_, store = scans(source)[:3], Folder(target)
    culprit = all_[2].key
    write_plan(store, 1, "scan", "2026-01-31", 0, [all_])
    plans = plans_of(target, tmp_path)
    restore_all(store, plans, tmp_path, context(source, target), dying(culprit), Workers(1, 1))
    found = rows(target)
    assert {row.key for row in found.values() if row.state == "restored"} == {s.key for s in all_} - {
        culprit
    }
    assert (found[culprit].state, found[culprit].error) == ("failed", "WorkerStopped")
    assert (target / "_quarantine" / culprit).read_bytes() == (source / culprit).read_bytes()
    deaths = Counter(one.key.rpartition("-")[0] for one in store.list(DEATHS))
    assert set(deaths.values()) == {2} and len(deaths) == 3


def test_what_is_left_is_found_by_names_alone() -> None:
    class Plan:
        def shards(self) -> Iterable[Shard]:
            letters = list(map(_scan, "abcd"))
            return [shard(letters, "0001-000000"), shard(letters, "0001-000001")]

    def left(committed: set[str], deaths: dict[str, int]) -> list[tuple[str, str, int]]:
        found = pending([Plan()], committed, Counter(deaths))  # type: ignore[list-item]
        return [(one.name, "".join(scan.key for scan in one.scans), one.attempt) for one in found]

    a, b = "0001-000000", "0001-000001"
    assert left(set(), {}) == [(a, "abcd", 0), (b, "abcd", 0)]
    assert left({a}, {b: 1}) == [(b, "abcd", 1)]
    assert left({b}, {a: 2}) == [(f"{a}.0", "ab", 0), (f"{a}.1", "cd", 0)]
    assert left({b, f"{a}.0"}, {a: 2, f"{a}.1": 3}) == [(f"{a}.1.0", "c", 0), (f"{a}.1.1", "d", 0)]
    assert left({a, f"{b}.0"}, {b: 2, f"{b}.1": 2, f"{b}.1.0": 2}) == [
        (f"{b}.1.0", "c", 2),
        (f"{b}.1.1", "d", 0),
    ]


def _scan(key: str) -> Scan:
    return Scan(key, 1, "")


def test_large_photos_get_a_worker_with_more_memory(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    grain = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(grain).resize((1000, 800)).save(source / "large.jpg")
    Image.fromarray(grain).save(source / "small.jpg")
    given, store = context(source, target, memory=149_500_000), Folder(target)
    plans, _ = planned(Folder(source), store, tmp_path, [], 1)
    results: list[ShardResult] = []
    restore_all(store, plans, tmp_path, given, local.run, Workers(1, 1), results.append)
    assert sum((Counter(result.counts) for result in results), Counter()) == {"deferred": 1, "restored": 2}
    assert {row.state for row in rows(target).values()} == {"restored"}
    assert [plan.kind for plan in plans_of(target, tmp_path)] == ["scan", "large"]


def test_a_store_that_fails_ends_the_run_and_loses_nothing(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    source, target = places
    store = Folder(target)
    plans, _ = planned(Folder(source), store, tmp_path, [], 1)
    shutil.move(source, tmp_path / "away")
    with pytest.raises(StoreFailed, match="again"):
        restore_all(store, plans, tmp_path, context(source, target), local.run, Workers(1, 1))
    assert not (target / "_heirloom/parts").exists()
    shutil.move(tmp_path / "away", source)
    restore_all(store, plans, tmp_path, context(source, target), local.run, Workers(1, 1))
    assert {row.state for row in rows(target).values()} == {"restored"}


def test_a_computer_with_other_networks_does_not_work(places: tuple[Path, Path]) -> None:
    given = msgspec.structs.replace(context(*places), bundle="0" * 64)
    with pytest.raises(ChecksumMismatch, match="not those"):
        done([], given)
