"""A refused request gets its answer, however much of it is still on its way; nobody holds the server."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import httpx
import pytest

from demo import listening
from demo.guard import connections
from demo.guard.bodies import lingering
from tests.security.page.attacks import sentence
from tests.security.page.small import seconds_until_closed, small

HEAD = b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"

REFUSED = b"There is nothing here by that name."


@pytest.mark.parametrize("size", [100, 8_000_000])
def test_what_arrives_after_the_answer_is_received(tmp_path: Path, size: int) -> None:
    """Else the connection is reset, and the client may see that instead of the answer."""
    with small(tmp_path) as guard:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", guard.port), 10) as connection:
                connection.sendall(HEAD % size)
                said = connection.recv(65536)
                assert said.startswith(b"HTTP/1.1 404")
                # The answer is there, and all of the body is taken nevertheless.
                connection.sendall(bytes(size))
                while part := connection.recv(65536):
                    said += part
                assert REFUSED in said


def test_every_refusal_of_a_large_body_is_read(tmp_path: Path) -> None:
    with small(tmp_path) as guard:
        for path in ("api/photos", "api/nothing", "gradio_api/call/restore") * 10:
            answer = httpx.post(f"{guard.url}{path}", files={"files": ("a.jpg", bytes(5_000_000))})
            assert answer.status_code in (404, 413)
            sentence(answer.text)


def test_a_body_without_an_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "SECONDS", 0.3)
    with small(tmp_path) as guard, socket.create_connection(("127.0.0.1", guard.port), 10) as connection:
        connection.sendall(HEAD % 1_000_000)
        assert seconds_until_closed(connection) < 5


def test_a_body_without_an_end_is_not_received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "SECONDS", 60.0)
    monkeypatch.setattr(lingering, "BYTES", 1_000_000)
    with small(tmp_path) as guard, socket.create_connection(("127.0.0.1", guard.port), 10) as connection:
        connection.sendall(HEAD % 10**12)
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                connection.sendall(bytes(100_000))


@pytest.mark.slow
def test_a_connection_is_kept_for_longer_than_clients_use_it(tmp_path: Path) -> None:
    """Of five seconds on both sides, a request may meet the end of its connection."""
    asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with small(tmp_path) as guard, socket.create_connection(("127.0.0.1", guard.port), 20) as connection:
        for _ in range(2):
            connection.sendall(asked)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(7)
        assert seconds_until_closed(connection) < connections.HEAD_SECONDS
    expiry = httpx.Limits().keepalive_expiry
    assert expiry and expiry + 2 < listening.IDLE_SECONDS < connections.HEAD_SECONDS
