"""No call names a file but an upload of its own visitor, and no URL."""

from __future__ import annotations

import json
import os
import re
import secrets
from typing import Any

import httpx
import pytest

from demo.server import Opened
from tests.security.page.attacks import GOOD, call, file, listener, photo, sentence, upload

NOT_YOURS = "A photo is named that you have not uploaded, or that has been removed."


def joined(visitor: httpx.Client, data: list[Any], session: str, **more: Any) -> httpx.Response:
    config = visitor.get("config").json()
    function = next(each["id"] for each in config["dependencies"] if each["api_name"] == "restore")
    body = {"data": data, "fn_index": function, "session_hash": session} | more
    return visitor.post("gradio_api/queue/join", content=json.dumps(body))


@pytest.mark.parametrize(
    "given",
    [
        file("http://HOST/photo.jpg"),
        {"path": "http://HOST/photo.jpg"},
        {"path": "http://HOST/photo.jpg", "url": "http://HOST/photo.jpg"},
        {"url": "http://HOST/photo.jpg"},
        {"url": "http://HOST/x", "meta": {"_type": "gradio.FileData"}},
        file("OWN", url="http://HOST/photo.jpg", is_stream=True) | {"path": "x"},
        file("//HOST/photo.jpg"),
        file("file:///etc/passwd"),
        file("/etc/passwd"),
        file("photos/../../secret.jpg"),
        file("photos/x/../../secret.jpg"),
        file("../secret.jpg"),
        file(""),
        file(None),
        file(["x"]),
        file({"path": "/etc/passwd"}),
        [file("/etc/passwd")],
        {"nested": {"deep": [file("http://HOST/photo.jpg")]}},
        {"meta": {"_type": "gradio.FileData"}},
    ],
    ids=lambda given: json.dumps(given)[:50],
)
def test_other_files_and_urls_are_refused(visitor: httpx.Client, page: Opened, given: Any) -> None:
    secret = page.folder / "secret.jpg"
    secret.write_bytes(photo())
    with listener() as (port, heard):
        attack = json.loads(json.dumps(given).replace("HOST", f"127.0.0.1:{port}"))
        session = secrets.token_hex(8)
        for place in (0, 3):
            data = list(GOOD)
            data[0] = file(upload(visitor))
            data[place] = attack
            assert sentence(call(visitor, data)) == NOT_YOURS
            assert sentence(joined(visitor, data, session).text) == NOT_YOURS
            event = {"index": 0, "value": attack}
            assert sentence(joined(visitor, [], session, event_data=event).text) == NOT_YOURS
        assert heard == []


def test_a_url_beside_an_own_upload_is_forgotten(visitor: httpx.Client) -> None:
    with listener() as (port, heard):
        url = f"http://127.0.0.1:{port}/big.jpg"
        said = call(visitor, [file(upload(visitor), url=url, is_stream=True, mime_type=url), *GOOD[1:]])
        assert "event: complete" in said
        assert heard == []


@pytest.mark.parametrize(
    "path",
    [
        "http://HOST/x",
        "https://HOST/x",
        "http:/HOST/x",
        "//HOST/x",
        "/etc/passwd",
        "SERVED",
        "photos/..%2f..%2fsecret.jpg",
        "photos/x/..%2f..%2fsecret.jpg",
    ],
)
def test_nothing_else_is_served(visitor: httpx.Client, page: Opened, path: str) -> None:
    (page.folder / "secret.jpg").write_bytes(photo())
    own = upload(visitor)
    with listener() as (port, heard):
        served = f"{page.folder}/served/{own.removeprefix('photos/')}"
        asked = path.replace("HOST", f"127.0.0.1:{port}").replace("SERVED", served)
        for method in ("GET", "HEAD"):
            answer = visitor.request(method, f"gradio_api/file={asked}")
            assert answer.status_code in (403, 404)
        assert visitor.get(f"gradio_api/file/{asked}").status_code == 404
        assert heard == []
    assert visitor.get(f"gradio_api/file={own}").content == photo()


def test_others_photos_and_results_are_not_given(visitor: httpx.Client, stranger: httpx.Client) -> None:
    own = upload(visitor, photo(1))
    said = call(visitor, [file(own), *GOOD[1:]])
    assert "event: complete" in said
    result = re.search(r"photos/[0-9a-f]{64}/photo\.restored\.jpg", said)
    assert result
    for path in (own, result[0]):
        assert visitor.get(f"gradio_api/file={path}").status_code == 200
        assert stranger.get(f"gradio_api/file={path}").status_code == 403
        assert sentence(call(stranger, [file(path), *GOOD[1:]])) == NOT_YOURS
    # Who has the same photo has a right to it.
    assert upload(stranger, photo(1)) == own
    assert stranger.get(f"gradio_api/file={own}").status_code == 200


def test_sessions_are_their_visitors(visitor: httpx.Client, stranger: httpx.Client) -> None:
    """Neither read, nor called, nor ended by another."""
    function = visitor.get("config").json()["dependencies"][0]["id"]
    joined(visitor, [None, *GOOD[1:]], "visitors-own")
    ends = {"session_hash": "visitors-own", "fn_index": function, "event_id": "x"}
    for answer in (
        stranger.get("gradio_api/queue/data?session_hash=visitors-own"),
        stranger.get("gradio_api/queue/data?session_hash=x&session_hash=visitors-own"),
        stranger.get("gradio_api/heartbeat/visitors-own"),
        joined(stranger, [None, *GOOD[1:]], "visitors-own"),
        stranger.post("gradio_api/cancel", json=ends),
    ):
        assert answer.status_code == 403
        assert sentence(answer.text).startswith("This session is another visitor's")


def test_links_are_not_followed(visitor: httpx.Client, page: Opened) -> None:
    path = upload(visitor, photo(2))
    stored = page.folder / "served" / path.removeprefix("photos/")
    stored.unlink()
    os.symlink("/etc/passwd", stored)
    assert visitor.get(f"gradio_api/file={path}").status_code == 403
    assert sentence(call(visitor, [file(path), *GOOD[1:]])) == NOT_YOURS
