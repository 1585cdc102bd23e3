"""The first view's server, asked as its page asks it."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from demo.server import Opened
from demo.work.previews import PIXELS
from edge.bench.made_up_photo import write_test_photo
from edge.restore.damage.strokes import Stroke, draw
from tests.demo.view.asking import LINE, Visitor, visiting
from tests.security.page.attacks import sentence

PHOTO = Path("samples/astronaut-old.jpg")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that has a preview."""
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    write_test_photo(path, (1200, 900))
    return path


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def test_downloads_are_the_commands(
    visitor: Visitor, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    photo = visitor.upload(PHOTO)
    told = visitor.restored(photo)
    assert told["file"] == "astronaut-old.restored.jpg"
    assert (told["shown"]["width"], told["shown"]["height"]) == (512, 512)
    made = by_command(PHOTO, "--before-after")
    assert visitor.get(f"photos/{photo}/restored") == made
    both = next((tmp_path / "by-command").glob("*before-after*")).read_bytes()
    assert visitor.get(f"photos/{photo}/before-after") == both
    # What is shown is the file, and what it was made of.
    shown = visitor.get(f"photos/{photo}/{told['shown']['number']}/after.jpg")
    assert np.abs(picture(shown) - picture(made)).mean() < 3
    before = visitor.get(f"photos/{photo}/before.jpg")
    assert np.abs(picture(before) - picture(PHOTO.read_bytes())).mean() < 3


def test_switches_are_the_commands_options(visitor: Visitor, by_command: Callable[..., bytes]) -> None:
    photo = visitor.upload(PHOTO)
    visitor.restored(photo, damage=False, faces=False, keep_gray=False)
    options = ("--scratches", "off", "--no-faces", "--no-keep-gray")
    assert visitor.get(f"photos/{photo}/restored") == by_command(PHOTO, *options)


def test_strength_is_blended_and_written(visitor: Visitor, by_command: Callable[..., bytes]) -> None:
    """The picture shown is that of full strength; what the browser blends it to is nearly the file."""
    photo = visitor.upload(PHOTO)
    shown = visitor.restored(photo)["shown"]["number"]
    told = visitor.restored(photo, strength=0.5)
    assert told["shown"]["number"] == shown
    written = visitor.get(f"photos/{photo}/restored")
    assert written == by_command(PHOTO, "--strength", "0.5")
    before, after = (
        picture(visitor.get(f"photos/{photo}/{name}")) for name in ("before.jpg", f"{shown}/after.jpg")
    )
    assert np.abs((before + after) / 2 - picture(written)).mean() < 4


def test_strokes_are_filled_as_a_mask_is(
    visitor: Visitor, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    """Over the damage found, and over none."""
    photo = visitor.upload(PHOTO)
    first = visitor.restored(photo)
    told = visitor.restored(photo, strokes=[LINE])
    assert told["shown"]["filled"] > first["shown"]["filled"] + 0.01
    rubbed = LINE | {"erases": True, "radius": 14}
    told = visitor.restored(photo, strokes=[LINE, rubbed])
    assert told["shown"]["filled"] <= first["shown"]["filled"]

    visitor.restored(photo, damage=False, strokes=[LINE])
    mask = np.zeros((512, 512), np.bool_)
    draw(mask, [Stroke(((60, 60), (400, 300)), 9)])
    Image.fromarray(mask).save(tmp_path / "mask.png")
    made = by_command(PHOTO, "--scratches", str(tmp_path / "mask.png"))
    assert visitor.get(f"photos/{photo}/restored") == made


def test_a_stroke_taken_back_shows_the_result_before_it(visitor: Visitor) -> None:
    photo = visitor.upload(PHOTO)
    first = visitor.restored(photo)
    file = visitor.get(f"photos/{photo}/restored")
    assert visitor.restored(photo, strokes=[LINE])["shown"]["number"] != first["shown"]["number"]
    assert visitor.wish(photo).status_code == 200
    told = visitor.told(photo)
    assert (told["state"], told["shown"]) == ("done", first["shown"])
    assert visitor.get(f"photos/{photo}/restored") == file


def test_a_large_photo_has_a_preview_first(visitor: Visitor, large: Path) -> None:
    photo = visitor.upload(large)
    visitor.wish(photo)
    told = visitor.wait(photo, lambda told: told["shown"])
    assert told["shown"]["preview"] and told["file"] is None
    assert (told["shown"]["width"], told["shown"]["height"]) == (1200, 900)
    small = picture(visitor.get(f"photos/{photo}/{told['shown']['number']}/after.jpg"))
    assert small.shape[0] * small.shape[1] == pytest.approx(PIXELS, rel=0.01)
    assert visitor.client.get(f"photos/{photo}/restored").status_code == 409
    told = visitor.wait(photo)
    assert not told["shown"]["preview"]
    # The same change, at another size.
    whole = Image.open(io.BytesIO(visitor.get(f"photos/{photo}/{told['shown']['number']}/after.jpg")))
    reduced = np.asarray(whole.resize((small.shape[1], small.shape[0]))).astype(int)
    assert np.abs(reduced - small).mean() < 12


def test_strokes_come_before_the_whole_photo(visitor: Visitor, large: Path) -> None:
    photo = visitor.upload(large)
    visitor.wish(photo)
    first = visitor.wait(photo, lambda told: told["shown"])["shown"]
    visitor.wish(photo, strokes=[LINE])
    told = visitor.wait(photo, lambda told: told["shown"]["current"])
    assert told["shown"]["preview"] and told["file"] is None
    assert told["shown"]["filled"] > first["filled"]
    assert visitor.wait(photo)["shown"]["filled"] == pytest.approx(told["shown"]["filled"], abs=0.02)


def test_several_photos_are_restored_or_stopped(
    visitor: Visitor, by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    same = tmp_path / "other" / PHOTO.name
    Image.open(PHOTO).rotate(90).save(same)
    photos = [visitor.upload(each) for each in (PHOTO, same, PHOTO)]
    for number, photo in enumerate(photos):
        visitor.wish(photo, looked_at=number == 0)
    visitor.client.post("api/stop", json={"photos": photos[2:]})
    for photo in photos[:2]:
        visitor.wait(photo)
    told = visitor.told(photos[2])
    assert (told["state"], told["file"]) == ("stopped", None)
    asked = "&".join(f"photo={photo}" for photo in photos)
    with zipfile.ZipFile(io.BytesIO(visitor.get(f"api/restored.zip?{asked}"))) as archive:
        assert archive.testzip() is None
        names = ["astronaut-old.restored.jpg", "astronaut-old 2.restored.jpg"]
        assert archive.namelist() == names
        for name, photo in zip(names, (PHOTO, same), strict=True):
            assert archive.read(name) == by_command(photo)
    # What was stopped goes on when it is wished for again.
    visitor.restored(photos[2])


def test_what_is_looked_at_comes_first(visitor: Visitor, large: Path) -> None:
    waiting = visitor.upload(large)
    visitor.wish(waiting, looked_at=False)
    visitor.wait(waiting, lambda told: told["state"] == "working")
    photo = visitor.upload(PHOTO)
    visitor.restored(photo)
    assert visitor.told(waiting)["state"] != "done"
    visitor.wait(waiting)


def test_a_photo_is_forgotten_at_once(visitor: Visitor, server: Opened) -> None:
    photo = visitor.upload(PHOTO)
    visitor.restored(photo)
    folder = server.folder / "served" / photo
    assert len([path for path in folder.rglob("*") if path.is_file()]) > 5
    assert visitor.client.post("api/forget", json={"photos": [photo]}).status_code == 204
    assert not folder.exists()
    assert visitor.client.get("api/photos").json() == []
    assert sentence(visitor.wish(photo).text) == "The photo has been removed: choose it again."


def test_forgetting_ends_the_work(visitor: Visitor, server: Opened, tmp_path: Path) -> None:
    write_test_photo(tmp_path / "huge.jpg", (2000, 1500))
    photo = visitor.upload(tmp_path / "huge.jpg")
    visitor.wish(photo, looked_at=False)
    visitor.wait(photo, lambda told: told["share"] > 0)
    worker = server.service.pool.pids["litert-int8"]
    visitor.client.post("api/forget", json={"photos": [photo]})
    limit = time.monotonic() + 10
    while server.service.pool.pids.get("litert-int8") == worker:
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_other_visitors_have_no_part_in_it(visitor: Visitor, server: Opened) -> None:
    photo = visitor.upload(PHOTO)
    number = visitor.restored(photo)["shown"]["number"]
    with visiting(server.url) as stranger:
        assert stranger.client.get("api/photos").json() == []
        for path in ("before.jpg", f"{number}/after.jpg", "restored", "before-after"):
            answer = stranger.client.get(f"photos/{photo}/{path}")
            assert answer.status_code == 404
            sentence(answer.text)
        assert stranger.client.get(f"api/restored.zip?photo={photo}").status_code == 404
        assert stranger.wish(photo).status_code == 404
        for path in ("api/stop", "api/forget"):
            stranger.client.post(path, json={"photos": [photo]})
        assert stranger.client.get(f"gradio_api/file=photos/{photo}/{PHOTO.name}").status_code == 403
    assert visitor.told(photo)["state"] == "done"


@pytest.mark.parametrize(
    "wish",
    [
        {"strength": 2},
        {"strength": "1"},
        {"faces": 1},
        {"scratches": "/etc/passwd"},
        {"strokes": [LINE] * 301},
        {"strokes": [LINE | {"points": [[1, 1]] * 20_001}]},
        {"strokes": [LINE | {"radius": 513}]},
        {"strokes": [LINE | {"radius": -1}]},
        {"strokes": [LINE | {"points": [[1 << 20, 0]]}]},
        {"strokes": [LINE | {"points": [[0, 0], [4000, 3000]] * 60, "radius": 512}]},
        {"strokes": [LINE | {"points": [[1, 1]] * 2000, "radius": 512}]},
        {"strokes": [LINE | {"points": [[0.5, 0]]}]},
        {"strokes": [LINE | {"points": [[0]]}]},
        {"photo": "../x"},
    ],
    ids=str,
)
def test_wishes_out_of_bounds_are_refused(visitor: Visitor, wish: dict[str, object]) -> None:
    photo = visitor.upload(PHOTO)
    answer = visitor.client.post("api/restore", json={"photo": photo} | wish)
    assert answer.status_code == 400
    sentence(answer.text)


def test_a_call_has_no_more_than_it_needs(visitor: Visitor) -> None:
    for body in (b"", b"{", b"[" * 100_000, b"\xff", b'{"photo": 1}'):
        answer = visitor.client.post("api/restore", content=body)
        assert answer.status_code == 400
        sentence(answer.text)
    assert visitor.client.post("api/restore", content=b" " * 500_000).status_code == 413


def test_what_is_no_photo_is_refused_in_a_sentence(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(PHOTO.read_bytes()[:9000])
    (tmp_path / "notes.txt").write_text("no photo")
    for name in ("broken.jpg", "notes.txt"):
        photo = visitor.upload(tmp_path / name)
        visitor.wish(photo)
        limit = time.monotonic() + 30
        while (told := visitor.told(photo))["state"] != "failed":
            assert time.monotonic() < limit
            time.sleep(0.05)
        assert name in sentence(told["sentence"])


def test_the_page_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    answer = visitor.client.get("")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'self'" in policy
    for path in ("app.js", "base.css", "strings/en.json", "examples/portrait.jpg"):
        assert visitor.get(f"view/{path}")
    for path in ("view/../routes.py", "view/%2e%2e/routes.py", "view/examples/make.py"):
        assert httpx.get(f"{visitor.client.base_url}{path}").status_code == 404
