"""What is logged never stops the page: not where nobody reads it, and not by how much there is."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo import logs
from tests.security.page.small import small

pytest.importorskip("fcntl")

GOOD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@contextmanager
def unread() -> Iterator[int]:
    """Have standard error be a pipe; yields the end that reads.

    No fixture: pytest sets standard error again between fixtures and test.
    """
    reads, writes = os.pipe()
    before = sys.stderr
    with open(writes, "w", encoding="utf-8") as stream:
        sys.stderr = stream
        try:
            yield reads
        finally:
            sys.stderr = before
    os.close(reads)


def filled(descriptor: int) -> None:
    """Write to a pipe until it takes no more."""
    os.set_blocking(descriptor, False)
    try:
        while os.write(descriptor, b"x"):
            pass
    except BlockingIOError:
        os.set_blocking(descriptor, True)


def test_the_page_answers_though_nobody_reads_its_log(tmp_path: Path) -> None:
    with unread():
        filled(sys.stderr.fileno())
        with small(tmp_path) as running:
            for _ in range(3):
                running.raw(b"\0no request\r\n\r\n", 2)
            assert b"200 OK" in running.raw(GOOD, 5)


def test_lines_beyond_the_rate_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    log = logging.getLogger("demo.test")
    monkeypatch.setattr(logs, "WAITING", 2 * logs.BURST)
    monkeypatch.setattr(logs, "RATE", 0.0)
    with unread() as reads:
        with logs.written_aside():
            for number in range(1_000):
                log.warning("line %d", number)
            monkeypatch.setattr(logs, "RATE", 1e9)
            log.warning("the last")
        said = os.read(reads, 1 << 16).decode().splitlines()
        assert said[0] == "WARNING: line 0" and len(said) == logs.BURST + 1
        omitted = 1_000 - logs.BURST
        assert said[-1] == f"WARNING: the last ({omitted} lines before this one were left out.)"
