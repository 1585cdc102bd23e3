"""Memory: what the reference networks really take, against what was allowed and foretold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convert.reference.budget import need, working_bytes
from convert.reference.chain import Networks
from convert.reference.nets import ScratchMapping, Vae
from edge.errors import MemoryBudgetExceeded

ROOT = Path(__file__).parents[3]
MEASURE = "tests.convert.reference.measure_memory"


def measured(
    height: int, width: int, mapping_width: int, max_memory: int, mapping: str, *preset: str
) -> dict[str, Any]:
    arguments = [str(value) for value in (height, width, mapping_width, max_memory)]
    done = subprocess.run(
        [sys.executable, "-m", MEASURE, *arguments, mapping, *preset],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{width}x{height}, {mapping} at width {mapping_width}: {found}")  # noqa: T201 - for -s
    return found


@pytest.fixture(scope="module")
def networks() -> Networks:
    vae = Vae()
    return Networks(vae.encoder, ScratchMapping(width=64), vae.decoder)


def test_a_photo_that_will_not_fit_is_refused_with_what_would_be_enough(networks: Networks) -> None:
    with pytest.raises(MemoryBudgetExceeded, match=r"needs about (\d+) MB") as refused:
        working_bytes(500_000_000, (2416, 3632), networks, [])
    enough = int(str(refused.value).split("about ")[1].split(" MB")[0])
    assert working_bytes((enough + 1) * 10**6, (2416, 3632), networks, []) > 0


def test_more_memory_means_larger_strips_up_to_a_point(networks: Networks) -> None:
    least = need((512, 512), networks, [])
    work = [working_bytes(least + more, (512, 512), networks, []) for more in (40 << 20, 80 << 20, 8 << 30)]
    assert work == sorted(set(work))
    assert work[0] == 40 << 20 and work[-1] == working_bytes(None, (512, 512), networks, [])


@pytest.mark.slow
def test_half_a_megapixel_stays_within_what_was_allowed() -> None:
    found = measured(512, 1024, 64, 700_000_000, "scratch")
    assert found["peak"] <= 700_000_000
    assert "scratches" in found["done"][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mapping", "width", "limit"),
    [("quality", 512, 1500), ("scratch", 256, 1300), ("hr", 128, 1300), ("scratch", 32, 950)],
)
def test_two_megapixels_stay_within_what_was_allowed(mapping: str, width: int, limit: int) -> None:
    found = measured(1200, 1600, width, limit * 10**6, mapping)
    assert found["peak"] <= limit * 10**6


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["heirloom", "published"])
@pytest.mark.parametrize(("mapping", "limit"), [("quality", 1400), ("hr", 2400)])
def test_faces_of_two_megapixels_stay_within_what_was_allowed(
    mapping: str, limit: int, preset: str
) -> None:
    """One of them nearly fills the photo; of high resolution they have 512 pixels."""
    found = measured(1200, 1600, 64, limit * 10**6, mapping, preset)
    assert found["peak"] <= limit * 10**6
    assert found["done"][-1] == "3 faces refined"


@pytest.mark.slow
def test_a_scan_for_which_the_published_code_wants_a_matrix_of_1120_gib() -> None:
    found = measured(2414, 3632, 32, 2_000_000_000, "scratch")
    assert found["peak"] <= 2_000_000_000
