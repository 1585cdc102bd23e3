"""A million photos: planned, taken up again, and looked at."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.archive.places import part_key
from edge.archive.results.row import Row, encoded
from edge.archive.stores.folder import Folder
from tests.edge.archive.archives import plans_of

KEYS = int(os.environ.get("KEYS", "1000000"))
PLAN = """
import resource, sys, tempfile
from pathlib import Path
from edge.archive.planning import planned
from edge.archive.stores.folder import Folder
source, target = map(Path, sys.argv[1:])
plans, found = planned(Folder(source), Folder(target), Path(tempfile.mkdtemp()), [], 2)
print(found.photos, found.new, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_million_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Empty files, in folders of a thousand; nothing is restored."""
    source, target = tmp_path / "in", tmp_path / "out"
    for box in range(KEYS // 1000):
        (source / f"box{box:04d}").mkdir(parents=True)
        for number in range(1000):
            os.close(os.open(source / f"box{box:04d}" / f"scan{number:03d}.jpg", os.O_CREAT | os.O_WRONLY))
    for new in (KEYS, 0):
        started = time.monotonic()
        command = [sys.executable, "-P", "-c", PLAN, str(source), str(target)]
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
        with capsys.disabled():
            sys.stdout.write(
                f"\n{said[1]} planned in {time.monotonic() - started:.0f} s, {said[2]} bytes\n"
            )
        assert said[:2] == [str(KEYS), str(new)]
        assert time.monotonic() - started < 300 and int(said[2]) < 1e9

    store = Folder(target)
    store.create("_heirloom/run.json", RUN)
    (plan,) = plans_of(target, tmp_path)
    for shard in plan.shards():
        table = [
            Row(key=scan.key, etag=scan.etag, state="restored", output=scan.key, sha256_out="0" * 64)
            for scan in shard.scans
        ]
        store.create(part_key(shard.name), encoded(table, {"began": "1", "ended": "2"}))
    started = time.monotonic()
    status = [sys.executable, "-P", "-c", STATUS, "archive", "status", str(target)]
    said_now = subprocess.run(status, capture_output=True, check=True, text=True).stdout
    with capsys.disabled():
        sys.stdout.write(f"status in {time.monotonic() - started:.1f} s\n")
    assert f"{KEYS:,} restored, 0 left" in said_now
    assert time.monotonic() - started < 10


STATUS = "from edge.commands.main import main; raise SystemExit(main())"
RUN = b"""{"source": "/in", "exclude": [], "options": {}, "max_pixels": 1, "note": true, "quality": null,
"networks": {"type": "bundle", "folder": null, "precision": "int8"}, "bundle": "", "identity": {},
"created": ""}"""
