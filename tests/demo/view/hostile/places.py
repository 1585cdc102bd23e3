"""Addresses of others' photos and of nothing, other methods, names and cookies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product

from tests.demo.view.hostile.kinds import FOREIGN, OWN, Request


def addresses() -> Iterator[Request]:
    """Photos of others, and what is no photo."""
    ids = (FOREIGN, "x", "..", "%2e%2e", "%00", ".made", "x" * 80, "x" * 3000, "*", "~", "%ff", "photos")
    rest = ("before.jpg", "1/after.jpg", "1/thumbnail.jpg", "1/damage.png", "restored", "before-after")
    for id_, path in product(ids, rest):
        yield Request("GET", f"photos/{id_}/{path}")
    numbers = (
        "x",
        "-1",
        "0",
        "999",
        "1e3",
        "1_0",
        "%D9%A3",
        "9" * 20,
        "9" * 300,
        "9" * 5000,
        "..",
        "%2e%2e",
        "1.0",
    )
    for number in numbers:
        yield Request("GET", f"photos/{OWN}/{number}/after.jpg")
    for path in (
        *(
            "1/found.png",
            "1/..%2ffound.png",
            "1/%2e%2e%2f%2e%2e%2fx.jpg",
            "1/2/3",
            "x",
            "",
            "photo.jpg",
            ".made",
        ),
        *(
            ".made/found.png",
            "1/after.jpg%00",
            "1/AFTER.JPG",
            "1/" + "x" * 3000,
            "..%2f..%2fsessions",
            "restored/",
        ),
    ):
        yield Request("GET", f"photos/{OWN}/{path}")
    for query in (
        "",
        f"?photo={FOREIGN}",
        "?photo=../x",
        "?photo=%00",
        "?photo=" + "x" * 9000,
        "?photo&photo=*",
    ):
        yield Request("GET", f"api/restored.zip{query}")
    for id_ in (FOREIGN, "x", "photos", "x" * 80):
        yield Request("POST", "api/restore", json.dumps({"photo": id_}).encode())
    for path in (
        *(
            "view/../routes.py",
            "view/%2e%2e/routes.py",
            "view/..%5croutes.py",
            "view/%00",
            "view/",
            "view/strings",
        ),
        *(
            "view/" + "x" * 300,
            "view/examples/make.py",
            "view/examples/..%2fmake.py",
            "view//etc/passwd",
            "view/%ff",
        ),
        *(
            "view/C:%5cx",
            "docs",
            "redoc",
            "openapi.json",
            ".git/config",
            "api/",
            "api/photo",
            "%2e%2e/%2e%2e/etc",
        ),
    ):
        yield Request("GET", path)


def methods() -> Iterator[Request]:
    gets = ("", "view/app.js", "api/restored.zip", "photos/x/before.jpg")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X"):
        for path in (*gets, "api/photos", "api/restore", "api/stop", "api/forget"):
            yield Request(method, path, b"x")
    for path in gets:
        yield Request("POST", path, b"{}")
    for path in ("api/restore", "api/stop", "api/forget"):
        yield Request("GET", path)


def headers() -> Iterator[Request]:
    wish = json.dumps({"photo": OWN}).encode()
    for headers in (
        *(
            {"host": host}
            for host in ("example.org", "", "127.0.0.1.example.org", "[::1", "a@127.0.0.1", "x" * 900)
        ),
        *(
            {"origin": origin}
            for origin in ("http://example.org", "null", "x", "http://127.0.0.1:1", "file://")
        ),
        *(
            {"referer": page}
            for page in ("http://example.org/", "x", "http://127.0.0.1:1/", "//example.org")
        ),
        *({"sec-fetch-site": site} for site in ("cross-site", "same-site", "x")),
    ):
        yield Request("POST", "api/restore", wish, headers)
    # Cookies of nobody, or of no use: whose photo is it?
    for cookie in (
        "x",
        "A" * 32,
        "../" * 11,
        "",
        "A" * 32 + "; heirloom-visitor=" + "B" * 32,
        "A" * 9000,
        '"',
    ):
        for path in ("before.jpg", "restored"):
            yield Request("GET", f"photos/{OWN}/{path}", headers={"cookie": f"heirloom-visitor={cookie}"})
        yield Request("POST", "api/restore", wish, {"cookie": f"heirloom-visitor={cookie}"})
