"""What a phone may send."""

import pytest

from edge.kiosk.sessions.quota import AT_ONCE, Limits, QuotaReached, Uploads


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def uploads(clock: Clock) -> Uploads:
    return Uploads(Limits(file_bytes=10, photos=20, a_minute=3), clock)


def test_so_many_a_minute() -> None:
    clock = Clock()
    quota = uploads(clock)
    for sent in range(3):
        quota.begin(sent)
        quota.end()
    with pytest.raises(QuotaReached, match="wait a minute"):
        quota.begin(3)
    clock.now = 61.0
    quota.begin(3)


def test_so_many_at_once() -> None:
    quota = uploads(Clock())
    for sent in range(AT_ONCE):
        quota.begin(sent)
    with pytest.raises(QuotaReached):
        quota.begin(AT_ONCE)
    quota.end()
    quota.begin(AT_ONCE)


def test_so_many_a_session() -> None:
    with pytest.raises(QuotaReached, match="20 photos"):
        uploads(Clock()).begin(20)
