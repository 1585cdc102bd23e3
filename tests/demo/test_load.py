"""Many visitors at once, and every hostile file. Minutes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from typer.testing import CliRunner

from edge.commands.restore import command as restore
from tests.demo.running import page
from tests.edge.photo.hostile import make_hostile_photos

pytestmark = pytest.mark.slow

CLIENTS = 8
REQUESTS = 200
WARM_UP = 40
GROWTH = 1.15
"""What the memory may end at, in times of what it was after the first requests."""

PHOTO = Path("samples/astronaut-old.jpg")


def distinct_photos(folder: Path, count: int) -> list[Path]:
    """Crops of an old photo, each with its own noise, in four formats; all have one name."""
    base = np.asarray(Image.open(PHOTO)).astype(np.float32)
    paths = []
    for number in range(count):
        rng = np.random.default_rng(number)
        top, left = rng.integers(0, 512 - 256, 2)
        crop = base[top : top + 256, left : left + 200] + rng.normal(0, 5, (256, 200, 3))
        path = folder / f"{number:03d}" / f"photo{('.jpg', '.png', '.tif', '.webp')[number % 4]}"
        path.parent.mkdir(parents=True)
        Image.fromarray(crop.clip(0, 255).astype(np.uint8)).save(path)
        paths.append(path)
    return paths


def test_eight_clients_get_their_own_results(tmp_path: Path) -> None:
    photos = distinct_photos(tmp_path / "photos", WARM_UP + REQUESTS)
    wanted = tmp_path / "wanted"
    reported = CliRunner().invoke(restore, [str(tmp_path / "photos"), "-o", str(wanted)])
    assert reported.exit_code == 0, reported.output
    with page(tmp_path / "tmp") as running:

        def restored(client: Client, photo: Path) -> None:
            made, _ = client.predict(handle_file(str(photo)), api_name="/restore")
            expected = wanted / photo.relative_to(tmp_path / "photos")
            assert Path(made).read_bytes() == expected.read_bytes(), photo

        def visit(number: int, ours: list[Path]) -> None:
            client = Client(running.url, verbose=False, download_files=tmp_path / f"client{number}")
            for photo in ours[number::CLIENTS]:
                restored(client, photo)

        def all_at_once(ours: list[Path]) -> float:
            started = time.monotonic()
            with ThreadPoolExecutor(CLIENTS) as visitors:
                for visitor in [visitors.submit(visit, number, ours) for number in range(CLIENTS)]:
                    visitor.result()
            return time.monotonic() - started

        all_at_once(photos[:WARM_UP])
        before = running.resident()
        seconds = all_at_once(photos[WARM_UP:])
        time.sleep(2)
        after = running.resident()
        figures = {
            "seconds": round(seconds, 1),
            "requests a second": round(REQUESTS / seconds, 2),
            "MB before": [round(size / 1e6) for size in before.values()],
            "MB after": [round(size / 1e6) for size in after.values()],
            "MB of files kept for an hour": round(sum(f.stat().st_size for f in running.files()) / 1e6, 1),
        }
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        assert after.keys() == before.keys()
        for pid, size in after.items():
            assert size < GROWTH * before[pid], figures
        assert running.stop() == 0
        assert running.files() == []


def test_every_hostile_file_is_refused_or_restored(
    tmp_path: Path, by_command: Callable[..., bytes]
) -> None:
    with page(tmp_path / "tmp") as running:
        client = Client(running.url, verbose=False, download_files=tmp_path / "downloads")
        wrong = []
        for hostile in make_hostile_photos(tmp_path / "hostile"):
            if not hostile.path.is_file():  # a folder, a pipe: nothing that can be uploaded
                continue
            try:
                made, _ = client.predict(handle_file(str(hostile.path)), api_name="/restore")
            except AppError as error:
                sentence = str(error)
                one = sentence.endswith(".") and "\n" not in sentence and "/" not in sentence.split(" ")[0]
                if hostile.error is None or not one or str(running.folder) in sentence:
                    wrong.append((hostile.path.name, sentence))
            else:
                if hostile.error is not None or Path(made).read_bytes() != by_command(hostile.path):
                    wrong.append((hostile.path.name, "restored"))
        assert not wrong
        assert client.predict(handle_file(str(PHOTO)), api_name="/restore")
