"""The page's password is asked for everywhere, compared whole, and can't be guessed by trying."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from demo.errors import PasswordMissing
from demo.guard.routes import Access
from demo.guard.visitors.passwords import VARIABLE, Login, login
from tests.security.page.inside import asking
from tests.security.page.small import small

ACCESS = Access(login=Login("ann", "pässword:1"))


def test_everything_asks_for_it(tmp_path: Path) -> None:
    with small(tmp_path, access=ACCESS) as guard:
        for path in ("", "config", "assets/x.js", "gradio_api/file=x", "gradio_api/heartbeat/x", "nothing"):
            answer = httpx.get(guard.url + path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
        assert httpx.post(guard.url + "gradio_api/upload", files={"files": b"x"}).status_code == 401
        assert httpx.get(guard.url, auth=("ann", "pässword:1".encode())).status_code == 200
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "login", ["ann:pässword:", "ann:pässword", "ann:", "ann:pässword:1 ", "Ann:pässword:1", ":pässword:1"]
)
def test_it_is_compared_whole(login: str, tmp_path: Path) -> None:
    ask = asking(tmp_path, ACCESS)
    for given, status in ((login, 401), ("ann:pässword:1", 200)):
        basic = f"Basic {base64.b64encode(given.encode()).decode()}"
        assert ask("GET", "", headers={"authorization": basic}).status_code == status


def test_guesses_are_rationed(tmp_path: Path) -> None:
    with small(tmp_path, access=ACCESS) as guard:
        for given in ("Basic !", "Basic", "Bearer x", "Basic AAAA\xff"):
            assert (
                httpx.get(guard.url, headers={"authorization": given.encode("latin-1")}).status_code == 401
            )
        found = [httpx.get(guard.url, auth=("ann", f"guess {number}")).status_code for number in range(12)]
        assert found[:8] == [401] * 8
        assert found[-1] == 429
        # Not even the right one: else it would be found among the refused.
        assert httpx.get(guard.url, auth=("ann", "pässword:1".encode())).status_code == 429
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
            assert other.get(guard.url, auth=("ann", "pässword:1".encode())).status_code == 200


def test_it_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text("long enough\n")
    assert login(f"ann:{file}") == Login("ann", "long enough")
    monkeypatch.setenv(VARIABLE, "from the environment")
    assert login("ann") == Login("ann", "from the environment")
    file.write_text("short\n")
    monkeypatch.delenv(VARIABLE)
    for wrong in (f"ann:{file}", f"ann:{tmp_path}/none", "ann", f":{file}", ""):
        with pytest.raises(PasswordMissing):
            login(wrong)
