"""A cluster of two computers on this machine, whose processes are killed while their store fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.archive.places import PARTS
from edge.archive.stores.opening import open_store
from tests.edge.archive.archives import IDLE, heirloom, rows
from tests.edge.archive.clusters import NODE, at_work, own_ray, until
from tests.edge.archive.faulty import faulty
from tests.edge.archive.test_buckets import make_bucket
from tests.edge.restoring import write_photos

pytest.importorskip("ray.data", reason="the extra archive-ray is not installed")

from ray.cluster_utils import Cluster

PHOTOS = 64
COMMAND = [sys.executable, "-P", "-c", "from edge.commands.main import main; raise SystemExit(main())"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_chaos_on_a_cluster(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_bucket(endpoint, "cluster-scans") + "/in"
    target = make_bucket(endpoint, "cluster-results") + "/out"
    photos = write_photos(tmp_path / "photos", PHOTOS)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    scans, results = open_store(source), open_store(target)
    for photo in [*photos, tmp_path / "photos" / "broken.jpg"]:
        scans.create(photo.relative_to(tmp_path / "photos").as_posix(), photo)
    theirs = photos[5].relative_to(tmp_path / "photos").as_posix()
    results.create(theirs, b"somebody else's")

    def parts() -> int:
        return sum(1 for _ in results.list(PARTS))

    with faulty(endpoint, share=0.15) as (proxy, log), own_ray(monkeypatch) as folder:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        cluster = Cluster(initialize_head=True, head_node_args=NODE | {"num_cpus": 0})
        nodes = [cluster.add_node(**NODE) for _ in range(2)]
        options = ["--engine", "ray", "--address", cluster.address, "--workers", "2", "--max-memory", "1G"]
        command = [*COMMAND, "archive", source, target, *IDLE, *options]

        with subprocess.Popen(command) as driver:
            until(lambda: parts() and at_work(folder), 300)
            os.kill(at_work(folder)[0], signal.SIGKILL)
            before = parts()
            until(lambda: parts() > before, 300)
            cluster.remove_node(nodes[0], allow_graceful=False)
            before = parts()
            until(lambda: parts() > before, 300)
            driver.kill()
        cluster.add_node(**NODE)
        assert subprocess.run(command, check=False, timeout=600).returncode == 1
        cluster.shutdown()
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    assert sum(log.faults.values()) - log.faults[""] > 20
    found = rows(target)
    assert found.keys() == {one.key for one in scans.list()}
    assert found.pop("broken.jpg").state == "failed" and found.pop(theirs).state == "conflict"
    assert results.read(theirs) == b"somebody else's"
    assert {row.state for row in found.values()} == {"restored"}
    assert all(results.sha256(str(row.output)) == row.sha256_out for row in found.values())
    assert {path.rpartition("/")[2] for path in log.unconditional} == {"report.html"}
    again = {path for path, count in log.puts.items() if count > 1}
    assert again <= {"/cluster-results/out/_heirloom/report.html"}, "nothing is written twice"
    assert heirloom("archive", "verify", target) == 0
