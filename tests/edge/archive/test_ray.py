"""The engine of clusters gives the results of the engine of one computer."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import msgspec
import pytest

from tests.edge.archive.archives import context, heirloom, rows, scans, shard
from tests.edge.archive.clusters import at_work, own_ray, processes, until
from tests.edge.restoring import write_photos

pytest.importorskip("ray.data", reason="the extra archive-ray is not installed")

import ray

from edge.archive.engines import Workers
from edge.archive.engines import ray as engine
from edge.errors import OptionRefused

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MEASURED = ("seconds", "peak_memory", "node")


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "_heirloom" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_cluster_gives_what_this_computer_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in"
    write_photos(source, 9)
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert heirloom("archive", source, tmp_path / "local", "--workers", 1) == 1
    with own_ray(monkeypatch) as folder:
        run = ("--engine", "ray", "--workers", "1..2", "--max-memory", "1G")
        assert heirloom("archive", source, tmp_path / "ray", *run) == 1
        until(lambda: not processes(folder), 60)
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    found, expected = rows(tmp_path / "ray"), rows(tmp_path / "local")
    assert len(found) == 10
    for key, row in found.items():
        same = {name: getattr(expected[key], name) for name in MEASURED}
        assert msgspec.structs.replace(row, **same) == expected[key]
    assert heirloom("archive", "verify", tmp_path / "ray") == 0


def test_a_worker_that_ends_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in"
    write_photos(source, 60)
    found = scans(source)
    shards = [shard(found[start : start + 20], f"0001-{start:06d}") for start in (0, 20, 40)]
    with own_ray(monkeypatch) as folder:

        def kill_one() -> None:
            until(lambda: at_work(folder))
            os.kill(at_work(folder)[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        results = list(engine.run(shards, context(source, tmp_path / "out"), Workers(1, 1)))
        killer.join()
    assert sorted(result.state for result in results) == ["committed", "committed", "died"]
    assert {result.shard for result in results} == {each.name for each in shards}
    assert not ray.is_initialized()


def test_what_a_cluster_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in"
    write_photos(source, 1)
    work = [shard(scans(source))]
    given = context(source, tmp_path / "out")
    with own_ray(monkeypatch):
        with pytest.raises(OptionRefused, match="--address auto"):
            next(engine.run(work, given, Workers(1, 1), "ray://127.0.0.1:10001"))
        with pytest.raises(engine.ClusterFailed, match="cannot be reached"):
            next(engine.run(work, given, Workers(1, 1), "auto"))
        huge = context(source, tmp_path / "out", memory=1 << 50)
        with pytest.raises(OptionRefused, match="give a smaller --max-memory"):
            next(engine.run(work, huge, Workers(1, 1)))
        other = msgspec.structs.replace(given, bundle="0" * 64)
        with pytest.raises(engine.ClusterFailed, match="install the same version and bundle"):
            next(engine.run(work, other, Workers(1, 1)))
