"""The page's server, called as programs call it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest
import tifffile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from demo.guard.visitors import shelf
from demo.page import page
from demo.server import Opened, Settings, opened
from edge.errors import PhotoError
from tests.edge.photo.hostile import make_hostile_photos

PHOTO = Path("samples/astronaut-old.jpg")
MAX_FILE = 2_000_000  # of the server in conftest.py


@pytest.fixture
def client(server: Opened, tmp_path: Path) -> Client:
    return Client(server.url, verbose=False, download_files=tmp_path / "downloads")


def called(client: Client, photo: Path, **options: Any) -> tuple[Path, dict[str, Any]]:
    restored, figures = client.predict(handle_file(str(photo)), **options, api_name="/restore")
    return Path(restored), figures


def photos(folder: Path) -> list[Path]:
    """One of each kind, with what has to come back in it."""
    rng = np.random.default_rng(3)
    base = np.linspace(60, 190, 60 * 80 * 3).reshape(60, 80, 3) + rng.normal(0, 12, (60, 80, 3))
    levels = base.clip(0, 255).astype(np.uint8)
    image = Image.fromarray(levels)
    exif = Image.Exif()
    exif[0x010E] = "grandmother"
    exif[0x0112] = 6
    image.save(folder / "upright.jpg", exif=exif, dpi=(300, 300))
    image.convert("L").save(folder / "gray photo.webp", lossless=True)
    Image.fromarray(np.dstack([levels, levels[..., 0]])).save(folder / "alpha.png")
    tifffile.imwrite(folder / "deep.tif", levels.astype(np.uint16) * 250, photometric="rgb")
    image.save(folder / "called.jpg", "PNG")
    return sorted(folder.iterdir())


@pytest.mark.slow
def test_downloads_are_the_commands(
    client: Client, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    """Byte for byte, in every format, with metadata and depth."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in photos(folder):
        restored, figures = called(client, photo)
        assert restored.read_bytes() == by_command(photo), photo.name
        assert restored.suffix == photo.suffix
        assert figures["variant"] == "litert-int8"
        assert "restored" in figures["done"]
        if photo.name == "upright.jpg":
            again = Image.open(restored)
            assert again.size == (60, 80)
            assert again.getexif()[0x010E] == "grandmother"
            assert again.info["dpi"] == (300, 300)
        if photo.name == "deep.tif":
            assert tifffile.imread(restored).dtype == np.uint16


def test_options_are_the_commands(client: Client, by_command: Callable[..., bytes], tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    painted = np.zeros((512, 512), np.uint8)
    painted[100:110, 40:400] = 255
    Image.fromarray(painted).save(mask)
    options = {
        "strength": 0.5,
        "scratches": "mask",
        "mask": handle_file(str(mask)),
        "variant": "litert-float16",
    }
    restored, figures = called(client, PHOTO, **options)
    assert figures["done"][0] == "damage on 1.4 % of the photo filled"
    assert restored.read_bytes() == by_command(
        PHOTO, "--strength", "0.5", "--scratches", str(mask), "--precision", "float32"
    )
    off, _ = called(client, PHOTO, scratches="off")
    assert off.read_bytes() == by_command(PHOTO, "--scratches", "off")


def refused(client: Client, photo: Path, **options: Any) -> str:
    """The sentence by which a call is refused."""
    with pytest.raises(AppError) as caught:
        called(client, photo, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not re.search(r"(^|[\s'\"(])/\w", sentence), sentence
    return sentence


def test_hostile_photos_are_refused_in_a_sentence(client: Client, server: Opened, tmp_path: Path) -> None:
    """One for each error; the whole set is in test_load.py. The worker that refuses them goes on."""
    chosen: dict[type[PhotoError] | None, Path] = {}
    for hostile in make_hostile_photos(tmp_path / "hostile"):
        if hostile.path.is_file() and hostile.path.stat().st_size < MAX_FILE:
            chosen.setdefault(hostile.error, hostile.path)
    assert set(PhotoError.__subclasses__()) < chosen.keys()
    called(client, PHOTO)
    pid = server.service.pool.pids["litert-int8"]
    for error, path in chosen.items():
        if error is not None:
            assert path.name in refused(client, path)
    assert server.service.pool.pids["litert-int8"] == pid
    assert called(client, chosen[None])[1]["done"]


def test_a_mask_that_does_not_fit_is_refused(client: Client, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    Image.new("L", (3, 4)).save(mask)
    assert refused(client, PHOTO, scratches="mask") == "Give the mask, or let the damage be found."
    sentence = refused(client, PHOTO, scratches="mask", mask=handle_file(str(mask)))
    assert sentence.startswith("The mask mask.png has 3x4 pixels and the photo 512x512")


def test_settings_out_of_range_are_refused(client: Client) -> None:
    for options in ({"strength": 2}, {"scratches": "maybe"}, {"variant": "torch"}):
        with pytest.raises(AppError):
            called(client, PHOTO, **options)


def test_large_uploads_are_refused(server: Opened) -> None:
    answer = httpx.post(
        f"{server.url}gradio_api/upload", files={"files": ("large.png", bytes(MAX_FILE + 1))}
    )
    assert answer.status_code == 413
    assert answer.text == f"File size exceeded maximum allowed size of {MAX_FILE} bytes."


def posted(visitor: httpx.Client, server: Opened, photo: dict[str, Any]) -> str:
    """What the server says to a call that no client of Gradio's would make."""
    data = [photo | {"meta": {"_type": "gradio.FileData"}}, 1, "auto", None, True, True, 1, "litert-int8"]
    call = f"{server.url}gradio_api/call/restore"
    answer = visitor.post(call, json={"data": data})
    if answer.status_code != 200:
        return answer.text
    return visitor.get(f"{call}/{answer.json()['event_id']}", timeout=30).text


REFUSED = "A photo is named that you have not uploaded"


def test_files_of_the_machine_are_not_read(server: Opened) -> None:
    """A path that was not uploaded is refused, and nothing but what was made for a page is served."""
    secret = server.folder / "secret.jpg"
    session = server.folder / "sessions" / "someone.jpg"
    for path in (secret, session):
        path.write_bytes(PHOTO.read_bytes())
    with httpx.Client() as visitor:
        for path in (secret, session, PHOTO.resolve()):
            said = posted(visitor, server, {"path": str(path)})
            assert REFUSED in said
            assert str(path.parent) not in said
            assert httpx.get(f"{server.url}gradio_api/file={path}").status_code == 403
        sent = visitor.post(f"{server.url}gradio_api/upload", files={"files": PHOTO.open("rb")})
        assert "event: complete" in posted(visitor, server, {"path": sent.json()[0]})


def test_nothing_is_fetched_for_a_visitor(server: Opened) -> None:
    """Else the page would be a way into the network that it runs in."""
    with Listener() as listener, httpx.Client() as visitor:
        url = f"http://127.0.0.1:{listener.port}/photo.jpg"
        for given in ({"path": url}, {"path": url, "url": url}, {"path": "photo.jpg", "url": url}):
            assert REFUSED in posted(visitor, server, given)
        assert listener.asked == []


class Listener:
    """A web server that notes what it is asked for."""

    def __enter__(self) -> Listener:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

        self.asked = asked
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_only_the_restoration_is_callable(client: Client, server: Opened) -> None:
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/restore"]
    answer = httpx.post(f"{server.url}gradio_api/run/restore", json={"data": []})
    assert answer.status_code in (401, 403, 404)


def test_the_page_is_only_for_this_machine_and_asks_nobody(server: Opened) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    page = httpx.get(server.url).text
    assert "fonts.googleapis" not in page
    config = httpx.get(f"{server.url}config").json()
    assert config["analytics_enabled"] is False
    assert config["max_file_size"] == MAX_FILE


def test_nothing_is_left_of_a_call(client: Client, server: Opened) -> None:
    called(client, PHOTO)
    assert list((server.folder / "scratch").iterdir()) == []
    kept = [path for path in (server.folder / "served").rglob("*") if path.is_file()]
    # What can still be fetched is removed by Gradio after a while; it knows of all of it.
    assert all(path.stat().st_size for path in kept)
    assert PHOTO.read_bytes() in [path.read_bytes() for path in kept]


@pytest.mark.slow
def test_what_was_served_is_removed_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is set forward: a short while could end before a busy machine has restored the photo."""
    ahead = [0.0]
    monkeypatch.setattr(page, "SWEEP", 1)
    monkeypatch.setattr(shelf, "monotonic", lambda: time.monotonic() + ahead[0])
    monkeypatch.setattr(shelf, "time", lambda: time.time() + ahead[0])
    with opened(Settings()) as server:

        def served() -> set[Path]:
            return set((server.folder / "served").rglob("*.jpg"))

        examples = served()
        assert len(examples) == 4
        client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
        called(client, PHOTO)
        kept = served()
        assert {path.name for path in kept - examples} == {PHOTO.name, "astronaut-old.restored.jpg"}
        ahead[0] = page.SECONDS - 60
        time.sleep(3)
        assert served() == kept
        ahead[0] = page.SECONDS + 60
        limit = time.monotonic() + 40
        while served() != examples:
            assert time.monotonic() < limit
            time.sleep(0.2)
