"""Another site can neither upload nor call, whatever name it has for this machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import httpx
import pytest

from demo.guard.routes import Access
from tests.security.page.attacks import sentence
from tests.security.page.small import Small, small


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with small(tmp_path_factory.mktemp("files"), access=Access(names=("photos.example.org",))) as running:
        yield running


def tried(guard: Small, method: str, path: str, **headers: str) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    path = path.replace("SESSION", secrets.token_hex(8))
    files = {"files": ("a.jpg", b"x")} if path.endswith("upload") else None
    json = {"data": []} if path.endswith("restore") else None
    return httpx.request(method, guard.url + path, headers=headers, files=files, json=json)


ROUTES = [
    ("GET", ""),
    ("GET", "config"),
    ("POST", "gradio_api/upload"),
    ("POST", "gradio_api/call/restore"),
    ("GET", "gradio_api/heartbeat/SESSION"),
]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "",
        "a@127.0.0.1",
        "[::1",
        "192.0.2.7",
        "127.0.0.1:x",
    ],
)
def test_names_that_are_not_the_pages_are_refused(guard: Small, host: str) -> None:
    for method, path in ROUTES:
        answer = tried(guard, method, path, host=host)
        assert answer.status_code == 400
        assert answer.text.startswith("Invalid HTTP") or sentence(answer.text)


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "[::1]:80", "photos.example.org", "PHOTOS.example.org:443"]
)
def test_names_of_the_page_are_served(guard: Small, host: str) -> None:
    for method, path in ROUTES:
        assert tried(guard, method, path, host=host).status_code == 200


def test_two_hosts_are_refused(guard: Small) -> None:
    said = guard.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
    ],
)
def test_other_sites_are_refused(guard: Small, headers: dict[str, str]) -> None:
    for method, path in ROUTES:
        answer = tried(guard, method, path, **headers)
        assert answer.status_code == 403
        assert sentence(answer.text) == "Another site may not call this page."
        assert "access-control-allow-origin" not in answer.headers


def test_other_sites_are_known_by_their_referer(guard: Small) -> None:
    for method, path in ROUTES:
        answer = tried(guard, method, path, referer="https://evil.example/x")
        assert answer.status_code == (403 if method == "POST" else 200)


def test_links_to_the_page_and_the_page_itself_are_served(guard: Small) -> None:
    assert (
        tried(guard, "GET", "", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status_code == 200
    )
    own = guard.url.rstrip("/")
    for method, path in ROUTES:
        assert tried(guard, method, path, origin=own, sec_fetch_site="same-origin").status_code == 200


def test_no_answer_opens_the_page_to_other_sites(guard: Small) -> None:
    answer = tried(guard, "GET", "")
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    preflight = httpx.options(
        guard.url + "gradio_api/upload", headers={"access-control-request-method": "POST"}
    )
    assert preflight.status_code == 405


def test_a_page_for_the_network_is_asked_for_by_its_address(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with small(tmp_path_factory.mktemp("files"), access=Access(host="0.0.0.0")) as running:
        url = f"http://127.0.0.2:{running.port}/"
        assert httpx.get(url).status_code == 200
        assert httpx.get(url, headers={"host": "127.0.0.3"}).status_code == 400
        assert httpx.get(url, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("proxy", [None, "127.0.0.1"])
def test_only_a_proxy_that_was_named_tells_addresses(
    tmp_path_factory: pytest.TempPathFactory, proxy: str | None
) -> None:
    forged = {
        "x-forwarded-for": "192.0.2.9",
        "x-forwarded-host": "evil.example",
        "forwarded": "for=192.0.2.9",
    }
    with small(tmp_path_factory.mktemp("files"), proxy=proxy) as running:
        said = httpx.get(running.url, headers=forged).text
        assert said.startswith("192.0.2.9 " if proxy else "127.0.0.1 ")
        assert "evil" not in said
