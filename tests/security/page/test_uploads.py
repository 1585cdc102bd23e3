"""Uploads are bounded in size, number, rate and time, and leave nothing behind when they break off."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import httpx
import pytest

from demo.guard import connections
from demo.guard.answers import Hidden
from demo.guard.bodies.receiving import Pace
from demo.guard.rates import Rate, UnderWay
from demo.guard.routes import Limits
from demo.guard.visitors.shelf import PUBLIC, Quota, Shelf
from tests.security.page.attacks import sentence
from tests.security.page.small import seconds_until_closed, small

MAX = 100_000

FORM = (
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n"
)
PART = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'


def sent(url: str, content: bytes = b"x", name: str = "a.jpg", **options: object) -> httpx.Response:
    return httpx.post(f"{url}gradio_api/upload", files={"files": (name, content)}, **options)  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_sizes_are_counted_as_they_arrive(tmp_path: Path) -> None:
    with small(tmp_path) as guard:
        assert sent(guard.url, bytes(MAX)).status_code == 200
        before = files(tmp_path)
        assert sent(guard.url, bytes(MAX + 1)).status_code == 413
        # Without a length, and without an end.
        with socket.create_connection(("127.0.0.1", guard.port), 10) as connection:
            connection.sendall(
                FORM + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(PART) + PART + b"\r\n"
            )
            pushed = 0
            try:
                while pushed < 400 * MAX:
                    connection.sendall(b"ffff\r\n" + bytes(0xFFFF) + b"\r\n")
                    pushed += 0xFFFF
            except ConnectionError:
                pass
            assert pushed < 400 * MAX
        assert files(tmp_path) == before


@pytest.mark.parametrize("count", [0, 2, 1000])
def test_one_file_at_a_time(tmp_path: Path, count: int) -> None:
    with small(tmp_path) as guard:
        many = [("files", ("a.jpg", b"x%d" % number)) for number in range(count)] or [
            ("other", ("a.jpg", b"x"))
        ]
        answer = httpx.post(f"{guard.url}gradio_api/upload", files=many)
        assert answer.status_code in (400, 413)
        sentence(answer.text)
        assert httpx.post(f"{guard.url}gradio_api/upload", data={"files": "x"}).status_code == 400
        assert httpx.post(f"{guard.url}gradio_api/upload", content=b"x").status_code == 400
        assert files(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../x.jpg",
        "..\\x.jpg",
        "/etc/x.jpg",
        ".bashrc",
        "a\nb.jpg",
        "x" * 900 + ".jpg",
        "..",
        "<b>.jpg",
        "\u202egpj.exe",
    ],
)
def test_names_lead_nowhere(tmp_path: Path, name: str) -> None:
    served = tmp_path / "served"
    served.mkdir()
    with small(served) as guard:
        answer = sent(guard.url, name=name)
        assert answer.status_code == 200
        (stored,) = files(tmp_path)
        assert stored.parent.parent == served
        assert not stored.name.startswith(".")
        assert len(stored.name) <= 120
        assert not set(stored.name) & set("/\\<>\n\u202e")
        assert answer.json() == [f"{PUBLIC}{stored.parent.name}/{stored.name}"]


def test_slow_uploads_end(tmp_path: Path) -> None:
    with small(tmp_path, Limits(MAX, pace=Pace(grace=0.5))) as guard:
        with socket.create_connection(("127.0.0.1", guard.port), 20) as connection:
            connection.sendall(FORM + b"Content-Length: 90000\r\n\r\n" + PART)
            started = time.monotonic()
            try:
                while time.monotonic() - started < 15:
                    connection.sendall(b"x")
                    time.sleep(0.05)
            except ConnectionError:
                pass
            assert time.monotonic() - started < 10
        assert files(tmp_path) == []


def test_slow_heads_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with small(tmp_path) as guard:
        for head in (b"", b"GET / HTTP/1.1\r\nHost:"):
            with socket.create_connection(("127.0.0.1", guard.port), 20) as connection:
                connection.sendall(head)
                assert seconds_until_closed(connection) < 10


def test_an_address_has_so_many_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "EACH", 5)
    with small(tmp_path) as guard:
        held = [
            socket.create_connection(("127.0.0.1", guard.port), 5, ("127.0.0.66", 0)) for _ in range(30)
        ]
        time.sleep(0.3)
        asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        assert guard.raw(asked, source="127.0.0.66") == b""
        assert guard.raw(asked).startswith(b"HTTP/1.1 200")
        for connection in held:
            connection.close()
        time.sleep(0.3)
        assert guard.raw(asked, source="127.0.0.66").startswith(b"HTTP/1.1 200")


def test_uploads_are_rationed_by_address(tmp_path: Path) -> None:
    with small(tmp_path, Limits(MAX, uploads=Rate(0.001, 3))) as guard:
        answers = [sent(guard.url, b"%d" % number) for number in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 3
        sentence(answers[-1].text)
        other = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=other) as visitor:
            assert visitor.post(f"{guard.url}gradio_api/upload", files={"files": b"x"}).status_code == 200


def test_requests_and_calls_are_rationed_too(tmp_path: Path) -> None:
    with small(tmp_path, Limits(MAX, requests=Rate(0.001, 5), calls=Rate(0.001, 2))) as guard:
        for _ in range(2):
            assert httpx.post(f"{guard.url}gradio_api/call/restore", json={"data": []}).status_code == 200
        assert httpx.post(f"{guard.url}gradio_api/call/restore", json={"data": []}).status_code == 429
        for expected in (200, 200, 429):
            assert httpx.get(guard.url).status_code == expected


def test_uploads_under_way_are_bounded(tmp_path: Path) -> None:
    with small(tmp_path, Limits(MAX, uploading=UnderWay(2, 3))) as guard:
        held = []
        for _ in range(2):
            held.append(socket.create_connection(("127.0.0.1", guard.port), 5, ("127.0.0.66", 0)))
            held[-1].sendall(FORM + b"Content-Length: 90000\r\n\r\n" + PART)
        time.sleep(0.3)
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.66")) as attacker:
            answer = attacker.post(f"{guard.url}gradio_api/upload", files={"files": b"x"})
        assert answer.status_code == 503
        assert sentence(answer.text) == "The page is busy: try again in a minute."
        assert sent(guard.url).status_code == 200
        for connection in held:
            connection.close()


def test_a_visitors_oldest_make_room(tmp_path: Path) -> None:
    with (
        small(tmp_path, quota=Quota(visitor_bytes=2500, visitor_files=10)) as guard,
        httpx.Client() as visitor,
    ):
        assert sent(guard.url, bytes(900), "other.jpg").status_code == 200
        for number in range(6):
            content = bytes([number]) * 1000
            visitor.post(f"{guard.url}gradio_api/upload", files={"files": (f"{number}.jpg", content)})
        assert sorted(path.name for path in files(tmp_path)) == ["4.jpg", "5.jpg", "other.jpg"]


def test_the_greediest_address_makes_room(tmp_path: Path) -> None:
    """However many visitors it pretends to be."""
    with small(tmp_path, quota=Quota(total_bytes=5500, total_files=100)) as guard:
        assert sent(guard.url, bytes(900), "honest.jpg").status_code == 200
        for number in range(20):
            with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.66")) as attacker:
                content = bytes([number]) * 1000
                attacker.post(f"{guard.url}gradio_api/upload", files={"files": (f"{number}.jpg", content)})
        names = {path.name for path in files(tmp_path)}
        assert names == {"honest.jpg", *(f"{number}.jpg" for number in range(16, 20))}


def test_the_folder_itself_is_nobodys(tmp_path: Path) -> None:
    """An answer that names it gives it to no visitor, with whom it would go."""
    folders: list[str] = []
    said = Hidden(tmp_path).hide(f'["{tmp_path}/", "{tmp_path}/abc/x.jpg"]'.encode(), folders.append)
    assert said == b'["photos/", "photos/abc/x.jpg"]'
    assert folders == ["abc"]
    shelf = Shelf(tmp_path, Quota(visitor_files=1))
    (tmp_path / "abc").mkdir()
    for folder in ("", "abc"):
        shelf.claim(folder, "visitor", "address")
    assert (tmp_path / "abc").is_dir()


def test_files_go_after_their_time(tmp_path: Path) -> None:
    with small(tmp_path, quota=Quota(seconds=0.3)) as guard:
        sent(guard.url)
        (tmp_path / "made by Gradio").touch()
        guard.shelf.sweep()
        assert len(files(tmp_path)) == 2
        time.sleep(0.5)
        guard.shelf.sweep()
        assert list(tmp_path.iterdir()) == []


def test_sessions_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from demo.guard.visitors import sessions

    monkeypatch.setattr(sessions, "EACH", 3)
    with small(tmp_path) as guard:
        for number in range(6):
            httpx.get(f"{guard.url}gradio_api/heartbeat/s{number}")
        assert guard.forgotten == ["s0", "s1", "s2"]
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
            other.get(f"{guard.url}gradio_api/heartbeat/other")
        assert guard.forgotten == ["s0", "s1", "s2"]
