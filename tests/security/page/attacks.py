"""What attacks on the page need: calls that no client of Gradio's makes, and listeners."""

from __future__ import annotations

import io
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import numpy as np
from PIL import Image


def photo(number: int = 0) -> bytes:
    """A small photo; each number has another one."""
    levels = np.random.default_rng(number).integers(60, 200, (48, 64, 3), np.uint8)
    with io.BytesIO() as out:
        Image.fromarray(levels).save(out, "JPEG")
        return out.getvalue()


GOOD: list[Any] = [None, 1, "auto", None, True, True, 1, "litert-int8"]
"""The values of a call, but for its photo."""


def upload(visitor: httpx.Client, content: bytes | None = None, name: str = "photo.jpg") -> str:
    """The path that a visitor's upload is given."""
    answer = visitor.post("gradio_api/upload", files={"files": (name, content or photo())})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0])


def file(path: Any, **more: Any) -> dict[str, Any]:
    """A file in a call."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}} | more


def call(visitor: httpx.Client, data: list[Any]) -> str:
    """All that the page says to a call."""
    answer = visitor.post("gradio_api/call/restore", content=json.dumps({"data": data}))
    if answer.status_code != 200:
        return answer.text
    return visitor.get(f"gradio_api/call/restore/{answer.json()['event_id']}").text


def sentence(said: str) -> str:
    """The one sentence of a refusal or error. Fails if it is none, or shows a path or a traceback."""
    assert "Traceback" not in said
    assert not re.search(r"/(tmp|work|root|home|usr)/|site-packages|\.py\b", said), said
    found = re.search(r'"(?:detail|error)": ?"((?:[^"\\]|\\.)*)"', said)
    text = found[1] if found else said
    assert re.fullmatch(r"[^\n{}<>]{8,300}\.", text), said
    return text


@contextmanager
def listener() -> Iterator[tuple[int, list[Any]]]:
    """A port that stands for any address in the world, and who has connected to it."""
    heard: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                heard.append(peer)
                connection.close()

        Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
