"""A thousand attacks on the first view: each gets one sentence, and the next good request is served."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPResponse
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from tests.demo.running import page
from tests.demo.view.asking import Visitor, visiting
from tests.demo.view.hostile.all import attacks
from tests.demo.view.hostile.kinds import FOREIGN, OWN, Attack, File, Raw, Request
from tests.security.page.attacks import sentence

PHOTO = Path("samples/astronaut-old.jpg")

MAX_FILE = 2_000_000

SOME = 17
"""Every so manieth attack is tried by the fast test."""

EACH = 25
"""Attacks from one address: how much one may ask for is bounded, and that is not tested here."""

WARM_UP = 300
"""Attacks before the memory is looked at."""

GROWTH = 1.15
"""What the memory may end at, in times of what it was then."""

PATIENCE = 40.0
"""Seconds for an answer: the server waits 15 for what is left of a request."""


@dataclass(frozen=True)
class Attacker:
    """Somebody with an address and a photo of their own."""

    visitor: Visitor
    url: httpx.URL
    address: str
    own: str
    foreign: str

    def answer(self, attack: Attack) -> str:
        """What is said to an attack; of bytes that may be nothing. Fails where that is not one sentence."""
        match attack:
            case File():
                return self._uploaded(attack)
            case Request():
                path = attack.path.replace(OWN, self.own).replace(FOREIGN, self.foreign)
                content = attack.content.replace(OWN.encode(), self.own.encode())
                content = content.replace(FOREIGN.encode(), self.foreign.encode())
                client = self.visitor.client
                answer = client.request(attack.method, path, content=content, headers=attack.headers)
                assert 400 <= answer.status_code < 500, answer.status_code
                return sentence(answer.text)
            case Raw():
                return self._sent(attack)

    def _uploaded(self, attack: File) -> str:
        client = self.visitor.client
        answer = client.post("api/photos", files={"files": (attack.name, attack.content)})
        if answer.status_code != 200:
            assert 400 <= answer.status_code < 500, answer.status_code
            return sentence(answer.text)
        photo = answer.json()[0].split("/")[1]
        assert self.visitor.wish(photo).status_code == 200
        limit = time.monotonic() + PATIENCE
        while (told := self.visitor.told(photo))["state"] != "failed":
            assert told["state"] != "done" and time.monotonic() < limit, told
            time.sleep(0.02)
        client.post("api/forget", json={"photos": [photo]})
        return sentence(told["sentence"])

    def _sent(self, attack: Raw) -> str:
        place = self.url.host, self.url.port or 80
        with socket.create_connection(place, PATIENCE, (self.address, 0)) as connection:
            try:
                connection.sendall(attack.content)
                if not attack.slow:
                    connection.shutdown(socket.SHUT_WR)
                answer = HTTPResponse(connection)
                answer.begin()
                said = answer.read()
            except ConnectionError:
                # Of a body that does not come, its sender is told.
                assert not (attack.slow and b"\r\n\r\n" in attack.content)
                return ""
        assert 400 <= answer.status < 500, answer.status
        return sentence(said.decode())


@contextmanager
def attacker(url: str, address: str, foreign: str) -> Iterator[Attacker]:
    with visiting(url, address) as visitor:
        yield Attacker(visitor, httpx.URL(url), address, visitor.upload(PHOTO), foreign)


@dataclass
class Told:
    """What was said to attacks."""

    sentences: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """Attacks that were not refused in a sentence, and why not."""

    def note(self, attack: Attack, answer: Callable[[], str]) -> None:
        try:
            self.sentences[answer()] += 1
        except (AssertionError, httpx.HTTPError, OSError) as error:
            self.wrong.append((repr(attack)[:300], repr(error)[:300]))


def _restored_anew(visitor: Visitor, expected: bytes) -> None:
    photo = visitor.upload(PHOTO)
    visitor.restored(photo)
    assert visitor.get(f"photos/{photo}/restored") == expected
    visitor.client.post("api/forget", json={"photos": [photo]})


@pytest.mark.parametrize("every", [SOME, pytest.param(1, marks=pytest.mark.slow)])
def test_attacks_get_a_sentence_and_the_next_is_served(every: int, tmp_path: Path) -> None:
    chosen = attacks(tmp_path / "hostile", MAX_FILE)[::every]
    assert len(chosen) > 1000 // every
    # They take as long as the server waits.
    slow = [attack for attack in chosen if isinstance(attack, Raw) and attack.slow] if every == 1 else []
    told = Told()
    memory: dict[int, int] = {}
    with ExitStack() as held:
        running = held.enter_context(page(tmp_path / "tmp", "--max-file", "2M", "--threads", "1"))
        good = held.enter_context(visiting(running.url))
        photo = good.upload(PHOTO)
        good.restored(photo)
        expected = good.get(f"photos/{photo}/restored")
        attackers = [
            held.enter_context(attacker(running.url, f"127.0.1.{number + 1}", photo))
            for number in range(len(chosen) // EACH + 1)
        ]
        threads = held.enter_context(ThreadPoolExecutor(len(slow) + 1))
        waiting = [
            (attack, threads.submit(one.answer, attack))
            for attack, one in zip(slow, cycle(attackers), strict=False)
        ]
        for number, (attack, one) in enumerate(zip(chosen, cycle(attackers), strict=False)):
            if isinstance(attack, Raw) and attack.slow:
                continue
            told.note(attack, partial(one.answer, attack))
            assert good.get(f"photos/{photo}/restored") == expected, attack
            if number % 50 == 0:
                _restored_anew(good, expected)
            if number == min(WARM_UP, len(chosen) // 2):
                memory = running.resident()
        for attack, answer in waiting:
            told.note(attack, answer.result)
        _restored_anew(good, expected)
        after = running.resident()
        figures = {
            "attacks": len(chosen),
            "sentences": dict(told.sentences.most_common(30)),
            "MB before": [round(size / 1e6) for size in memory.values()],
            "MB after": [round(size / 1e6) for size in after.values()],
        }
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        assert told.wrong == [], "\n".join(map(str, told.wrong))
        assert after.keys() == memory.keys()
        for process, size in after.items():
            assert size < GROWTH * memory[process], figures
        assert running.stop() == 0
        assert running.files() == []
    assert not list(tmp_path.rglob("e[xs]c*ed*")) and not Path("executed").exists()
