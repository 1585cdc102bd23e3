"""Eight visitors of the first view at once: each gets what a lone visitor gets, and nobody else's."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.demo.running import page
from tests.demo.test_load import distinct_photos
from tests.demo.view.asking import LINE, Visitor, visiting

VISITORS = 8

GROWTH = 1.15
"""What the memory may end at, in times of what it was after the lone visitor."""

WISHES: tuple[dict[str, Any], ...] = (
    {},
    {"strokes": [LINE]},
    {"strength": 0.5},
    {"damage": False},
    {"faces": False, "looked_at": False},
)


@dataclass(frozen=True)
class Asked:
    """A request: a photo with a wish."""

    photo: Path
    wish: dict[str, Any]

    def made(self, visitor: Visitor) -> tuple[str, tuple[bytes, ...]]:
        """The photo's id, and all that the visitor gets for it."""
        id_ = visitor.upload(self.photo)
        told = visitor.restored(id_, **self.wish)
        number = told["shown"]["number"]
        paths = ("restored", "before-after", "before.jpg", f"{number}/after.jpg", f"{number}/thumbnail.jpg")
        return id_, tuple(visitor.get(f"photos/{id_}/{path}") for path in paths)


@pytest.mark.parametrize("requests", [VISITORS, pytest.param(200, marks=pytest.mark.slow)])
def test_each_gets_its_own(requests: int, tmp_path: Path) -> None:
    photos = distinct_photos(tmp_path / "photos", requests)
    asked = [Asked(photo, WISHES[number % len(WISHES)]) for number, photo in enumerate(photos)]
    with page(tmp_path / "tmp", "--threads", "1") as running, ExitStack() as held:
        with visiting(running.url) as lone:
            started = time.monotonic()
            expected = [each.made(lone)[1] for each in asked]
            alone = time.monotonic() - started
        assert len(set(expected)) == requests
        before = running.resident()
        visitors = [
            held.enter_context(visiting(running.url, f"127.0.0.{number + 10}"))
            for number in range(VISITORS)
        ]

        def visit(number: int) -> set[str]:
            ids = set()
            for each, wanted in list(zip(asked, expected, strict=True))[number::VISITORS]:
                id_, made = each.made(visitors[number])
                assert made == wanted, each
                ids.add(id_)
            return ids

        started = time.monotonic()
        with ThreadPoolExecutor(VISITORS) as pool:
            ids = list(pool.map(visit, range(VISITORS)))
        together = time.monotonic() - started
        for number, visitor in enumerate(visitors):
            assert {each["id"] for each in visitor.client.get("api/photos").json()} == ids[number]
            for others in ids[:number] + ids[number + 1 :]:
                for id_ in others:
                    assert visitor.client.get(f"photos/{id_}/restored").status_code == 404
        after = running.resident()
        figures = {
            "requests a second alone": round(requests / alone, 2),
            "requests a second of eight": round(requests / together, 2),
            "MB before": [round(size / 1e6) for size in before.values()],
            "MB after": [round(size / 1e6) for size in after.values()],
        }
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        assert len(set().union(*ids)) == requests
        assert after.keys() == before.keys()
        for process, size in after.items():
            assert size < GROWTH * before[process], figures
