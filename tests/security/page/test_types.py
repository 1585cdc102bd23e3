"""Values that no page sends get one sentence, and the worker lives on."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from demo.server import Opened
from tests.security.page.attacks import GOOD, call, file, sentence, upload

HUGE = 10**400


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (place, value)
        for place, values in {
            0: ["x", 1, True, [], "http://127.0.0.1:9/x"],
            1: ["1", "x", [1], {}, True, 2, -1e-9, 1e308, HUGE, float("nan"), float("inf")],
            2: ["maybe", 1, ["auto"], {}, True, "x" * 5000],
            3: ["x", 1, [], False],
            4: ["true", 1, [], {}],
            6: ["1", HUGE, [], -1],
            7: ["torch", "", 7, ["litert-int8"], {"a": 1}, "../../x", "litert-int9"],
        }.items()
        for value in values
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_types_get_a_sentence(visitor: httpx.Client, place: int, value: Any) -> None:
    data = [file(upload(visitor)), *GOOD[1:]]
    data[place] = value
    said = call(visitor, data)
    assert "event: complete" not in said
    sentence(said.partition("data: ")[2].strip() or said)


def test_the_worker_lives(visitor: httpx.Client, page: Opened) -> None:
    data = [file(upload(visitor)), *GOOD[1:]]
    assert "event: complete" in call(visitor, data)
    before = page.service.pool.pids
    for place, value in ((1, "x"), (1, HUGE), (7, []), (4, None), (2, {})):
        call(visitor, [*data[:place], value, *data[place + 1 :]])
    # What is left out stands for what the page shows at first.
    assert "event: complete" in call(visitor, [data[0], *[None] * 7])
    assert page.service.pool.pids == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"data": 1}',
        b'{"data": "http://127.0.0.1/"}',
        b'{"data": {"photo": 1}}',
        b'{"data": [], "session_hash": 5}',
        b'{"data": [], "session_hash": "../x"}',
        b'{"data": [NaN]}',
        b'{"data": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"data": [' + b"[" * 20 + b"]" * 20 + b"]}",
        json.dumps({"data": ["x"] * 65}).encode(),
        json.dumps({"data": ["x" * 64_000]}).encode(),
        json.dumps({"data": [HUGE]}).encode(),
    ],
    ids=lambda body: body[:30].decode("latin-1"),
)
def test_bodies_that_are_no_calls_are_refused(visitor: httpx.Client, body: bytes) -> None:
    for path in ("call/restore", "queue/join", "cancel", "reset"):
        answer = visitor.post(f"gradio_api/{path}", content=body)
        if path == "call/restore" and answer.status_code == 200:
            answer = visitor.get(f"gradio_api/call/restore/{answer.json()['event_id']}")
            sentence(answer.text.partition("data: ")[2].strip())
        else:
            assert answer.status_code in (400, 413)
            sentence(answer.text)


@pytest.mark.parametrize("data", [[], [None], GOOD[:3], [*GOOD, 1, 2]])
def test_wrong_numbers_of_values_get_a_sentence(visitor: httpx.Client, data: list[Any]) -> None:
    sentence(call(visitor, data).partition("data: ")[2].strip())


def test_functions_of_the_page_take_no_more_than_their_fields(visitor: httpx.Client) -> None:
    """Every function, the private ones too, with values that its fields can't have."""
    functions = [each["id"] for each in visitor.get("config").json()["dependencies"]]
    assert len(functions) > 8
    for number in functions:
        session = f"fields{number}"
        for data in ([], [1] * 10, [{}] * 10, [[]] * 10):
            body = {"data": data, "fn_index": number, "session_hash": session, "event_data": {"index": "x"}}
            answer = visitor.post("gradio_api/queue/join", json=body)
            assert answer.status_code == 200, answer.text
            said = visitor.get(f"gradio_api/queue/data?session_hash={session}").text
            assert "Traceback" not in said
            for line in said.splitlines():
                if '"error"' in line and (error := json.loads(line[6:])["output"].get("error", "no.")):
                    sentence(json.dumps({"error": error}))
                    assert error is not None
    for number in (-1, 10**6):
        body = {"data": [], "fn_index": number, "session_hash": "none"}
        assert visitor.post("gradio_api/queue/join", json=body).status_code == 404
