"""All that attackers send to the first view."""

from __future__ import annotations

import random
from pathlib import Path

from tests.demo.view.hostile import calls, files, forms, places, wire
from tests.demo.view.hostile.kinds import Attack


def attacks(folder: Path, max_file: int) -> list[Attack]:
    """More than a thousand, in an order that is always the same."""
    made = [
        *files.known_files(folder, max_file),
        *files.cut_files(),
        *files.no_photos(),
        *files.claimed_sizes(),
        *files.named_files(),
        *forms.forms(max_file),
        *calls.values(),
        *calls.strokes(),
        *calls.malformed(),
        *places.addresses(),
        *places.methods(),
        *places.headers(),
        *wire.raw(),
        *wire.unfinished(),
    ]
    random.Random(1).shuffle(made)
    return made
