"""Where things lie in a target, beside the results."""

from __future__ import annotations

OWN = "_heirloom/"
"""What the archive keeps about itself. No photo below it is planned."""
RUN = OWN + "run.json"
PLANS = OWN + "plan/"
PARTS = OWN + "parts/"
DEATHS = OWN + "deaths/"
PAGE = OWN + "report.html"
QUARANTINE = "_quarantine/"
"""Copies of scans that could not be restored, each with a sentence beside it. Not planned either."""


def plan_key(number: int) -> str:
    """The key of a plan; plans count from 1."""
    return f"{PLANS}{number:04d}.parquet"


def part_key(shard: str) -> str:
    """The key of the part that commits a shard."""
    return f"{PARTS}{shard}.parquet"


def name_of(key: str) -> str:
    """The name in the key of a plan, a part or a death: without folders and suffix."""
    return key.rpartition("/")[2].removesuffix(".parquet")
