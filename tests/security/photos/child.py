"""Reads files in a process of its own; prints for each a line of JSON: outcome, CPU time, peak memory."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from edge import memory
from edge.batch.records.pixels import file_pixels_sha256, stored_as_written
from edge.errors import HeirloomError
from edge.photo.needs import need_of
from edge.photo.photo import not_kept, page_count, read_photo, write_photo

MAX_PIXELS = 200_000_000


def tried(path: Path, max_memory: int) -> str:
    """What becomes of a file: all that a run does with it but the networks."""
    try:
        file_pixels_sha256(path, MAX_PIXELS, max_memory)
        page_count(path)
        photo = read_photo(path, MAX_PIXELS, None, max_memory)
        stored_as_written(path, photo.metadata.format, MAX_PIXELS)
        write_photo(photo, path.with_name("out"))
    except HeirloomError as error:
        return str(error)
    return "; ".join(("read", *not_kept(photo)))


def needed(path: Path) -> int:
    """The estimate, 0 where there is none."""
    try:
        return need_of(path, MAX_PIXELS).bytes
    except HeirloomError:
        return 0


def main(limit: int, paths: list[str]) -> None:
    read_photo(Path(paths[0]))  # what is imported and made once is not the file's
    for name in paths[1:]:
        path = Path(name)
        estimate = needed(path) if not limit else 0
        memory.give_back()
        memory.reset_peak()
        before = memory.peak() or 0
        started = time.process_time()
        if limit:
            outcome = tried(path, limit)
        else:
            read_photo(path, MAX_PIXELS)
            outcome = "read"
        peak = memory.peak() or 0
        found = {
            "name": path.name,
            "outcome": outcome,
            "seconds": time.process_time() - started,
            "peak": peak,
            "held": peak - before,
            "estimate": estimate,
        }
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
