"""What a browser is told: headers that hold it back, files that it does not run, a cookie for no script."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from demo.guard.routes import Access, Served
from tests.security.page.inside import asking

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "frame-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize("path", ["", "config", "gradio_api/file=none", "nothing"])
def test_every_answer_holds_the_browser_back(path: str, tmp_path: Path) -> None:
    answer = asking(tmp_path)("GET", path)
    assert HEADERS.items() <= dict(answer.headers).items()
    assert {*answer.headers["content-security-policy"].split("; ")} >= POLICY
    assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.xhtml", "a.js", "a.pdf", "a.tif", "a"])
def test_only_pictures_are_shown(name: str, tmp_path: Path) -> None:
    ask = asking(tmp_path)
    (path,) = ask("POST", "gradio_api/upload", files={"files": (name, b"<script>")}).json()
    answer = ask("GET", f"gradio_api/file={path}")
    assert answer.content == b"<script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_photos_are_shown_and_kept_by_no_cache(tmp_path: Path) -> None:
    ask = asking(tmp_path)
    (path,) = ask("POST", "gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
    answer = ask("GET", f"gradio_api/file={path}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["cache-control"] == "private, no-store"


def test_the_cookie_is_for_no_script_and_no_other_site(tmp_path: Path) -> None:
    cookie = asking(tmp_path)("GET", "").headers["set-cookie"]
    assert re.fullmatch(r"heirloom-visitor=[\w-]{32}; Path=/; HttpOnly; SameSite=Lax", cookie)


@pytest.mark.parametrize("given", ["", "x", "x" * 31, "x" * 33, "x" * 31 + "!"])
def test_a_visitor_is_whom_the_page_has_named(given: str, tmp_path: Path) -> None:
    """A cookie of another form could be guessed, or fill the server's memory."""
    ask = asking(tmp_path)
    answer = ask("GET", "", headers={"cookie": f"heirloom-visitor={given}"})
    assert "heirloom-visitor=" in answer.headers["set-cookie"]
    own = ask("GET", "", headers={"cookie": f"heirloom-visitor={'x' * 32}"})
    assert "set-cookie" not in own.headers


def test_the_address_of_all_addresses_is_no_name(tmp_path: Path) -> None:
    ask = asking(tmp_path, Access(host="0.0.0.0"))
    assert ask("GET", "", headers={"host": "127.0.0.1"}).status_code == 200
    for host in ("0.0.0.0", "[::]:7860"):
        assert ask("GET", "", headers={"host": host}).status_code == 400


def test_a_link_of_another_site_leads_to_the_page_alone(tmp_path: Path) -> None:
    ask = asking(tmp_path)
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert ask("GET", "", headers=link).status_code == 200
    assert ask("GET", "", headers=link | {"sec-fetch-mode": "no-cors"}).status_code == 403
    for path in ("config", "gradio_api/heartbeat/a", "gradio_api/file=photos/a/b.jpg"):
        assert ask("GET", path, headers=link).status_code == 403


@pytest.mark.parametrize("name", ["", "x" * 65, "..", "a b", "a/b", "%0a"])
def test_a_stream_names_its_session(name: str, tmp_path: Path) -> None:
    ask = asking(tmp_path)
    assert ask("GET", f"gradio_api/queue/data?session_hash={name}").status_code == 400
    assert ask("GET", "gradio_api/queue/data?session_hash=a-b_1").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": ["x"] * 64}, 200),
        ({"data": ["x"] * 65}, 400),
        ({"data": [], "session_hash": "x" * 65}, 400),
        ({"data": [], "session_hash": "../x"}, 400),
        ({"data": [json.loads("[" * 11 + "]" * 11)]}, 200),
        ({"data": [json.loads("[" * 13 + "]" * 13)]}, 400),
        ({"data": ["x" * 63_000]}, 200),
        ({"data": ["x" * 64_000]}, 413),
    ],
)
def test_calls_have_no_more_than_a_call_needs(body: dict[str, object], status: int, tmp_path: Path) -> None:
    assert asking(tmp_path)("POST", "gradio_api/call/restore", json=body).status_code == status


def test_of_a_file_gradio_is_told_its_path_alone(tmp_path: Path) -> None:
    ask = asking(tmp_path)
    (path,) = ask("POST", "gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
    forged = {"path": path, "url": "http://evil.example", "is_stream": True, "orig_name": "evil"}
    said = ask("POST", "gradio_api/call/restore", json={"data": [forged]}).text
    assert path in said and "evil" not in said and "is_stream" not in said


def test_an_own_folder_has_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "served").mkdir()
    ask = asking(tmp_path / "served")
    (path,) = ask("POST", "gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
    own = path.rpartition("/")[0]
    assert ask("GET", f"gradio_api/file={own}/a.jpg").status_code == 200
    for way in (
        "..%2f..%2fsecret.jpg",
        "%2e%2e/%2e%2e/secret.jpg",
        "",
        ".",
        "..",
        f"{tmp_path}/secret.jpg",
    ):
        assert ask("GET", f"gradio_api/file={own}/{way}").status_code in (403, 404)


def test_nothing_but_http_reaches_gradio() -> None:
    sent: list[Message] = []

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError(scope["type"])

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Served(refuse, refuse)({"type": "websocket", "path": "/queue/join"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
