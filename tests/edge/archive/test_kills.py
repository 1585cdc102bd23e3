"""The whole run killed at random moments: nothing is done twice but what was at work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from edge.archive.places import PARTS
from edge.archive.results.page import SAMPLE
from edge.archive.results.row import decoded, rows_of
from edge.archive.stores.opening import open_store
from tests.edge.archive.archives import IDLE, rows
from tests.edge.archive.faulty import faulty
from tests.edge.archive.test_buckets import make_bucket
from tests.edge.restoring import write_photos

KILLS = int(os.environ.get("KILLS", "50"))
PHOTOS, WORKERS = 48, 2
COMMAND = [
    sys.executable,
    "-P",
    "-c",
    "from edge.commands.main import main; raise SystemExit(main())",
    "archive",
]


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_kills_at_random_moments(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is an object store, whose log tells what is read; when all is done, it begins anew."""
    dice, killed, round_ = random.Random(50), 0, 0
    source = make_bucket(endpoint, "killed")
    store = open_store(source)
    for photo in write_photos(tmp_path / "in", PHOTOS):
        store.create(photo.relative_to(tmp_path / "in").as_posix(), photo)
    with faulty(endpoint, share=0.0) as (proxy, log):
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        while killed < KILLS:
            target = tmp_path / f"out{round_}"
            round_ += 1
            ended = False
            while not ended:
                before = committed_keys(target)
                log.gets.clear()
                ended = not killed_run(source, target, dice.uniform(0, 12) if killed < KILLS else 300)
                killed += not ended
                check_reads(log.gets, before, committed_keys(target))
            found = rows(target)
            assert len(found) == PHOTOS and {row.state for row in found.values()} == {"restored"}
            results = open_store(str(target))
            assert all(results.sha256(str(row.output)) == row.sha256_out for row in found.values())
            assert list(target.rglob(".*")) == [], "what a killed run began to write, the next removes"


def killed_run(source: str, target: Path, seconds: float) -> bool:
    """Kill a run after so many seconds; whether it had not ended by then."""
    command = [*COMMAND, source, str(target), *IDLE, "--workers", str(WORKERS)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            assert run.wait(seconds) == 0
            return False
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
    time.sleep(0.5)  # until the processes of the killed one have ended, too
    return True


def check_reads(gets: list[str], before: set[str], after: set[str]) -> None:
    """What a run has read: nothing that was committed, and of the rest each photo once.

    At the end, the page shows some photos, for which they are read once more.
    """
    read = Counter(path.removeprefix("/killed/") for path in gets if path.startswith("/killed/"))
    again = {key for key, count in read.items() if key in before or count > 1}
    assert all(count <= (1 if key in before else 2) for key, count in read.items())
    assert len(again) <= (SAMPLE if len(after) == PHOTOS else 0)
    # Shards at work, each of twice the average at most.
    assert len(read.keys() - after) <= WORKERS * 2 * (PHOTOS // (4 * WORKERS))


def committed_keys(target: Path) -> set[str]:
    parts = (target / PARTS).glob("*.parquet") if (target / PARTS).is_dir() else ()
    return {row.key for part in parts for row in rows_of(decoded(part.read_bytes()))}
