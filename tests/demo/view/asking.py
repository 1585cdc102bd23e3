"""A visitor of the first view, as its page asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

LINE = {"points": [[60, 60], [400, 300]], "radius": 9, "erases": False}

SECONDS = 60


class Visitor:
    """Calls of one visitor."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def upload(self, photo: Path) -> str:
        """The id of an uploaded photo."""
        answer = self.client.post("api/photos", files={"files": (photo.name, photo.read_bytes())})
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0].split("/")[1])

    def wish(self, photo: str, **wish: Any) -> httpx.Response:
        return self.client.post("api/restore", json={"photo": photo} | wish)

    def told(self, photo: str) -> dict[str, Any]:
        return next(each for each in self.client.get("api/photos").json() if each["id"] == photo)

    def wait(
        self, photo: str, until: Callable[[dict[str, Any]], Any] = lambda told: told["state"] == "done"
    ) -> dict[str, Any]:
        """What is told of a photo once that is so."""
        limit = time.monotonic() + SECONDS
        while not until(told := self.told(photo)):
            assert told["state"] != "failed" and time.monotonic() < limit, told
            time.sleep(0.05)
        return told

    def restored(self, photo: str, **wish: Any) -> dict[str, Any]:
        """What is told of a photo that is restored as wished."""
        answer = self.wish(photo, **wish)
        assert answer.status_code == 200, answer.text
        return self.wait(photo)

    def get(self, path: str) -> bytes:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.content


@contextmanager
def visiting(url: str, address: str = "127.0.0.1") -> Iterator[Visitor]:
    """A visitor from an address of this machine."""
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=url, timeout=SECONDS, transport=transport) as client:
        # The page gives the cookie.
        client.get("")
        yield Visitor(client)
