"""The page's guard as a target: what clients say in bodies and headers, and what may not come of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

PHOTO = "photos/mine/a.jpg"

STROKE = {"points": [[1, 2], [300, -4]], "radius": 9}


def bodies() -> list[bytes]:
    """Calls as the page and its clients make them."""
    file = {"path": PHOTO, "orig_name": "a.jpg", "meta": {"_type": "gradio.FileData"}}
    common = {"data": [file, "photo", 0.5, True, None, [file]], "session_hash": "abc"}
    return [
        json.dumps(each).encode()
        for each in (
            common | {"fn_index": 1, "event_data": None, "trigger_id": 3},
            common,
            {"session_hash": "abc", "fn_index": 1, "event_id": "def"},
            {"event_id": "def"},
            {"photos": ["abc", "def"]},
            {
                "photo": "abc",
                "strength": 0.5,
                "faces": False,
                "strokes": [STROKE, STROKE | {"erases": True}],
            },
        )
    ]


def headers() -> list[bytes]:
    """Host, origin, referer, site, authorization and path of a request, each on a line."""
    return [
        b"\n".join(lines)
        for lines in (
            (b"localhost:7860", b"http://localhost:7860", b"http://localhost:7860/", b"same-origin"),
            (b"[::1]:80", b"", b"", b"", b"Basic dXNlcjpwYXNzd29yZHM=", PHOTO.encode()),
            (b"127.0.0.1", b"null", b"http://u:p@127.0.0.1/?q#f", b"cross-site", b"Bearer x", b"../x"),
        )
    ]


def reading_bodies(max_memory: int) -> Callable[[Path, Path], None]:
    """Checks bodies as every kind of call; what is handed on names files of the visitor alone."""
    from demo.guard.bodies.calls import Bodies, Call, Cancel, Join, Reset
    from demo.guard.bodies.receiving import Pace
    from demo.guard.refusals import Refused
    from demo.guard.visitors.sessions import Sessions
    from demo.view.asked import POINTS, RADIUS, Photos, Restore, decoded

    shelf = _shelf()
    sessions = Sessions(lambda name: None)
    scope: Any = {"type": "http", "visitor": "me", "client": ("127.0.0.1", 1), "headers": []}
    checks = [
        Bodies(_nothing, kind, shelf, sessions, {1}, _rate(), Pace(1, 1))
        for kind in (Join, Call, Cancel, Reset)
    ]

    def read(path: Path, output: Path) -> None:
        for check in checks:
            with suppress(Refused):
                for file in _files(json.loads(check._checked(path.read_bytes(), scope))):
                    assert Path(file["path"]).is_relative_to(shelf.root) and "url" not in file, file
        with suppress(Refused):
            decoded(path.read_bytes(), Photos)
        with suppress(Refused):
            wish = decoded(path.read_bytes(), Restore).wish
            assert 0 <= wish.options.strength <= 1
            assert sum(len(stroke.points) for stroke in wish.strokes) <= POINTS
            assert all(0 <= stroke.radius <= RADIUS for stroke in wish.strokes)

    return read


def reading_headers(max_memory: int) -> Callable[[Path, Path], None]:
    """Checks names, origins, passwords and paths."""
    from demo.guard.bodies.uploads import _name
    from demo.guard.origins import Origins
    from demo.guard.refusals import Refused
    from demo.guard.visitors.passwords import Login, Passwords

    shelf = _shelf()
    origins = Origins(_nothing, "127.0.0.1")
    passwords = Passwords(_nothing, Login("user", "a password"))
    passwords._guesses = _rate()
    names = (b"host", b"origin", b"referer", b"sec-fetch-site", b"authorization")

    def read(path: Path, output: Path) -> None:
        lines = path.read_bytes().split(b"\n")
        pairs = [pair for pair in zip(names, lines, strict=False) if pair[1]]
        scope: Any = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": pairs,
            "client": ("1.1.1.1", 1),
        }
        given = dict(pairs)
        with suppress(Refused):
            origins._check(scope)
            host = given[b"host"].decode("latin-1").lower()
            assert re.fullmatch(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]*)?", host), host
            origin = given.get(b"origin", b"//" + given[b"host"]).decode("latin-1").lower()
            assert urlsplit(origin).netloc == host, (origin, host)
        with suppress(Refused):
            passwords._check(scope)
            raise AssertionError("a password was guessed")
        asked = lines[-1].decode("latin-1")
        found = shelf.find(asked, "me")
        assert found is None or found.parent == shelf.root / "mine"
        name = _name(asked)
        assert name and Path(name).name == name and not name.startswith("."), name

    return read


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that is never reached."""


def _rate() -> Any:
    from demo.guard.rates import Rate

    return Rate(math.inf, math.inf)


def _shelf() -> Any:
    from demo.guard.visitors.shelf import Quota, Shelf

    root = Path(mkdtemp())
    (root / "mine").mkdir()
    (root / "mine" / "a.jpg").write_bytes(b"photo")
    shelf = Shelf(root, Quota())
    shelf.claim("mine", "me", "127.0.0.1")
    return shelf


def _files(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.keys() & {"path", "url"}:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _files(each)
