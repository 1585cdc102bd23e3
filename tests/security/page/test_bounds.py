"""The bounds as they ship, and those that hold whatever an address pretends to be."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from socket import create_connection

import pytest

from demo.guard import connections, rates
from demo.guard.bodies.receiving import Pace
from demo.guard.rates import Rate, UnderWay
from demo.guard.refusals import Refused
from demo.guard.routes import Limits
from demo.guard.visitors import sessions
from demo.guard.visitors.identity import grouped
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Quota, Shelf
from demo.server import Settings
from tests.security.page.small import seconds_until_closed, small


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""
    clock = [0.0]
    for module in (rates, sessions):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    return lambda now: clock.__setitem__(0, now)


def taken(rate: Rate, most: int) -> int:
    """How often an address may ask at once."""
    for count in range(most):
        try:
            rate.take("address")
        except Refused:
            return count
    return most


def test_rates_ship_with_an_end(at: Callable[[float], None]) -> None:
    limits = Limits()
    assert 300 < taken(limits.requests, 2000) <= 1000
    assert 50 < taken(limits.calls, 2000) <= 200
    assert 50 < taken(limits.uploads, 2000) <= 200
    at(1)
    assert taken(limits.requests, 2000) + taken(limits.calls, 2000) + taken(limits.uploads, 2000) <= 200
    with ExitStack() as under_way, pytest.raises(Refused, match="busy"):
        for _ in range(20):
            under_way.enter_context(limits.uploading.one("address"))
    with ExitStack() as under_way, pytest.raises(Refused, match="busy"):
        for number in range(100):
            under_way.enter_context(limits.uploading.one(f"address {number}"))


def test_sizes_and_times_ship_with_an_end() -> None:
    assert Limits().max_file == Settings().max_file <= 100_000_000
    assert Pace().grace <= 60 and Pace().rate >= 1000
    assert connections.EACH <= 200 and connections.TOTAL <= 5000 and connections.HEAD_SECONDS <= 60
    assert Quota().total_files <= 10_000 and Quota().seconds <= 86_400
    assert sessions.EACH <= 500 and sessions.TOTAL < 2000 and sessions.IDLE <= 3600


def test_the_room_of_visitors_ships_with_an_end(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Quota())

    def fill(visitor: str, folder: str, size: int) -> None:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo").touch()
        os.truncate(tmp_path / folder / "photo", size)  # takes no room on the disk
        shelf.claim(folder, visitor, "address")

    for number in range(250):
        fill("many", f"many{number}", 1)
    assert len(list(tmp_path.iterdir())) <= 201
    for number in range(3):
        fill("large", f"large{number}", 400_000_000)
    assert shelf.total < 900_000_000
    for number in range(12):
        fill(f"visitor {number}", f"total{number}", 400_000_000)
    assert shelf.total <= 4_000_000_000


def test_a_visitors_and_everybodys_files_are_bounded_in_number(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Quota(visitor_files=2, total_files=3))
    for name, visitor in (("a", "1"), ("b", "1"), ("c", "1"), ("d", "2"), ("e", "3")):
        (tmp_path / name).mkdir()
        shelf.claim(name, visitor, "address")
        assert sum(path.name in "abc" for path in tmp_path.iterdir()) <= 2
    assert len(list(tmp_path.iterdir())) == 3


def test_patience_does_not_add_up(at: Callable[[float], None]) -> None:
    rate = Rate(rate=1, burst=3)
    assert taken(rate, 9) == 3
    at(1e6)
    assert taken(rate, 9) == 3


def test_few_addresses_are_remembered_and_the_latest_among_them(
    monkeypatch: pytest.MonkeyPatch, at: Callable[[float], None]
) -> None:
    monkeypatch.setattr(rates, "ADDRESSES", 3)
    rate = Rate(rate=0.001, burst=1)
    for number in range(10):
        rate.take(str(number))
    assert len(rate._buckets) == 3
    with pytest.raises(Refused):
        rate.take("9")


def test_uploads_under_way_are_bounded_in_all() -> None:
    bound = UnderWay(each=9, total=2)
    with bound.one("a"):
        with bound.one("b"), pytest.raises(Refused), bound.one("c"):
            pass
        with bound.one("c"):
            pass


def test_sessions_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "TOTAL", 3)
    forgotten: list[str] = []
    known = Sessions(forgotten.append)
    for number in range(5):
        known.use(f"s{number}", "visitor", f"address {number}")
    assert forgotten == ["s0", "s1"] and len(known) == 3


def test_sessions_without_a_connection_are_forgotten(at: Callable[[float], None]) -> None:
    forgotten: list[str] = []
    known = Sessions(forgotten.append)
    for name in ("idle", "open"):
        known.use(name, "visitor", "address")
    known.opened("open")
    at(sessions.IDLE + 1)
    known.sweep()
    assert forgotten == ["idle"]
    known.closed("open")
    known.sweep()
    assert forgotten == ["idle"]
    at(2 * sessions.IDLE + 2)
    known.sweep()
    assert forgotten == ["idle", "open"]


def test_a_network_has_one_address() -> None:
    assert grouped("2001:db8::1") == grouped("2001:db8::ffff:1") != grouped("2001:db8:0:1::1")
    assert grouped("::ffff:192.0.2.1") == "192.0.2.1" != grouped("192.0.2.2")


def test_connections_are_bounded_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TOTAL", 3)
    asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with small(tmp_path) as guard, ExitStack() as held:
        for number in range(3):
            connection = create_connection(("127.0.0.1", guard.port), 5, (f"127.0.0.1{number}", 0))
            held.enter_context(connection).sendall(asked)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert guard.raw(asked, source="127.0.0.66") == b""


def test_the_second_request_of_a_connection_is_not_waited_for_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with small(tmp_path) as guard, create_connection(("127.0.0.1", guard.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert seconds_until_closed(connection) < 5
