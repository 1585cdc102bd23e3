"""No connection leaves the process, whatever it is asked, and the browser is sent nowhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from demo.guard.headers import HEADERS
from demo.server import Opened, Settings, opened
from tests.security.page.attacks import GOOD, call, file, listener, upload
from tests.security.page.test_routes import gradios_routes

_watching: list[list[tuple[str, Any]]] = []

_CONNECTS = ("socket.connect", "socket.sendto")
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in _CONNECTS:
        _watching[-1].append((event, arguments[1]))
    elif _watching and event in _LOOK_UPS:
        _watching[-1].append((event, arguments))


sys.addaudithook(_audit)


@contextmanager
def connections() -> Iterator[list[tuple[str, Any]]]:
    """All connections and look-ups of names that this process, with the page in it, attempts."""
    made: list[tuple[str, Any]] = []
    _watching.append(made)
    try:
        yield made
    finally:
        _watching.pop()


def test_no_connection_leaves_the_process(page: Opened, visitor: httpx.Client) -> None:
    """Over every route of Gradio's, with URLs wherever something can be named."""
    own = upload(visitor)
    with listener() as (foreign, heard), connections() as made:
        url = f"http://127.0.0.1:{foreign}/x.jpg"
        for method, path in gradios_routes():
            if "queue/data" in path or "heartbeat" in path:
                continue
            body = {"data": [url], "path": url, "url": url, "fn_name": "x", "component_id": 1}
            asked = re.sub(r"\{[^}]*\}", url, path)
            answer = visitor.request(method, asked, params={"url": url}, json=body | {"session_hash": "e"})
            assert answer.status_code != 302
        for other in ("http://192.0.2.1/x.jpg", "https://example.org/x.jpg", "//example.org/x.jpg"):
            visitor.get(f"gradio_api/file={other}")
            visitor.get(f"gradio_api/proxy={other}")
        for place in range(len(GOOD)):
            for attack in (url, file(url), {"url": url, "path": url}, "https://example.org/x.jpg"):
                data = [file(own, url=url), *GOOD[1:]]
                data[place] = attack
                visitor.post("gradio_api/call/restore", json={"data": data})
        assert "event: complete" in call(visitor, [file(own, url=url), *GOOD[1:]])
        assert heard == []
    assert strangers(made, page) == []


def strangers(made: list[tuple[str, Any]], page: Opened) -> list[tuple[str, Any]]:
    """What was asked of others than the page itself."""
    return [each for each in made if each[1][:2] != ("127.0.0.1", httpx.URL(page.url).port)]


def test_it_starts_without_asking_anyone() -> None:
    """No analytics, no version check, no fonts, no tunnel."""
    with connections() as made, opened(Settings()) as server:
        httpx.get(server.url)
    assert made
    assert strangers(made, server) == []


def test_components_fetch_nothing(visitor: httpx.Client, page: Opened) -> None:
    """Every function with a URL as every value."""
    with listener() as (foreign, heard), connections() as made:
        url = f"http://127.0.0.1:{foreign}/x.jpg"
        for each in visitor.get("config").json()["dependencies"]:
            session = f"egress{each['id']}"
            data = [url] * len(each["inputs"])
            body = {
                "data": data,
                "fn_index": each["id"],
                "session_hash": session,
                "event_data": {"index": url},
            }
            assert visitor.post("gradio_api/queue/join", json=body).status_code == 200
            visitor.get(f"gradio_api/queue/data?session_hash={session}")
        assert heard == []
    assert strangers(made, page) == []


def test_the_browser_is_sent_nowhere_else(visitor: httpx.Client) -> None:
    """What the page and its styles load; scripts that would load more are held by the policy."""
    answer = visitor.get("compare")
    styles = answer.text + visitor.get("theme.css").text
    tags = r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?([^\"'\s>]+)"
    loaded = re.findall(tags, answer.text)
    loaded += re.findall(r"(?:@import|url\()\s*[\"']?([^\"')\s]+)", styles)
    assert loaded
    root = str(visitor.base_url)
    assert [each for each in loaded if re.match(r"(https?:)?//", each) and not each.startswith(root)] == []
    config = visitor.get("config").json()
    assert config["analytics_enabled"] is False
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"]
    assert "http" not in policy
    assert "*" not in policy


def test_answers_show_no_folder_of_the_server(visitor: httpx.Client, page: Opened) -> None:
    said = call(visitor, [file(upload(visitor)), *GOOD[1:]])
    for text in (
        said,
        visitor.get("compare").text,
        visitor.get("config").text,
        visitor.get("gradio_api/info").text,
    ):
        assert page.folder.name not in text
        assert "site-packages" not in text
    assert "/tmp/" not in said
