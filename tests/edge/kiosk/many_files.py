"""The service of a watched folder without networks: a process that ends once all photos are queued."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep

from edge import memory
from edge.kiosk.background import Background
from edge.kiosk.config import HotFolder
from tests.edge.kiosk.queue.stand_in import StandIn


def main(place: Path, files: int, results: int) -> None:
    """Print the resident memory in bytes at the start, and its peak until so many are queued and done."""
    folder = HotFolder(watch=place / "in", results=place / "out", settle=0.5)
    background = Background(place / "state", [folder], StandIn().start)
    before = memory.peak()
    background.start()
    while background.failure is None:
        counts = background.queue.counts()
        if counts.waiting + counts.working + counts.done == files and counts.done >= results:
            break
        sleep(0.2)
    sys.stdout.write(f"{before} {memory.peak()}\n")
    background.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
