"""A visit from its beginning to its end, with real networks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.edge.kiosk.service.running import Running, running

SIZE = (96, 72)


def jpeg(seed: int = 0) -> bytes:
    """A small photo."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8))
    out = io.BytesIO()
    coarse.resize(SIZE, Image.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()


def png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("kiosk")) as made:
        yield made


def test_a_photo_of_a_phone_is_restored_shown_and_saved_and_wiped(service: Running) -> None:
    link = service.begin()
    sent = service.phone.post(f"{link}/photos", params={"name": "../Grandma\n.jpg"}, content=jpeg())
    assert sent.is_success, sent.text
    photo = service.restored()
    assert photo["name"] == "Grandma\\n.jpg"
    assert (photo["width"], photo["height"]) == SIZE
    for name in ("before.jpg", "after.jpg", "thumb.jpg"):
        picture = service.screen.get(f"/api/photos/{photo['id']}/{name}")
        assert Image.open(io.BytesIO(picture.content)).size == SIZE
    saved = service.phone.get(f"{link}/photos/{photo['id']}/restored")
    assert "Grandma%5Cn.restored.jpg" in saved.headers["Content-Disposition"]
    assert Image.open(io.BytesIO(saved.content)).size == SIZE
    archive = zipfile.ZipFile(io.BytesIO(service.phone.get(f"{link}/all.zip").content))
    assert archive.read(archive.namelist()[0]) == saved.content
    assert service.phone.get(f"{link}/state").json()["photos"][0]["state"] == "done"

    assert service.screen.delete("/api/session").is_success
    assert service.state()["session"] is None
    assert list(service.kiosk.store.root.iterdir()) == []
    assert service.kiosk.queue.jobs() == []
    for path in ("/", "/state", f"/photos/{photo['id']}/restored", "/all.zip"):
        assert service.phone.get(link + path).status_code == 404
    assert service.phone.post(f"{link}/photos", content=jpeg()).status_code == 404


def test_a_painted_mask_is_filled_and_shown_again(service: Running) -> None:
    link = service.begin()
    service.phone.post(f"{link}/photos", content=jpeg(1))
    first = service.restored()
    painted = np.zeros((36, 48), np.uint8)  # half the photo's size, as a brush on a screen paints
    painted[10:20, 10:30] = 255
    assert service.screen.put(f"/api/photos/{first['id']}/mask", content=png(painted)).is_success
    second = service.restored(version=2)
    assert second["filled"] == pytest.approx((painted > 0).mean(), abs=0.02)
    shown = service.screen.get(f"/api/photos/{first['id']}/mask.png")
    mask = np.asarray(Image.open(io.BytesIO(shown.content)))
    assert mask.shape == SIZE[::-1]
    assert (mask[24:36, 24:56] == 255).all() and not mask[:16].any()


def test_options_restore_again(service: Running) -> None:
    link = service.begin()
    service.phone.post(f"{link}/photos", content=jpeg(2))
    photo = service.restored()
    before = service.phone.get(f"{link}/photos/{photo['id']}/restored").content
    call = f"/api/photos/{photo['id']}/options"
    assert service.screen.post(call, json={"strength": 0.5}).is_success
    assert service.restored(version=2)["strength"] == 0.5
    assert service.phone.get(f"{link}/photos/{photo['id']}/restored").content != before
    assert service.screen.post(call, json={"strength": 7}).status_code == 400
    assert service.photo()["strength"] == 0.5


def test_a_removed_photo_leaves_nothing(service: Running) -> None:
    link = service.begin()
    for seed in (3, 4):
        service.phone.post(f"{link}/photos", content=jpeg(seed))
    gone = service.photo(0)
    assert service.screen.delete(f"/api/photos/{gone['id']}").is_success
    assert [photo["id"] for photo in service.state()["session"]["photos"]] != [gone["id"]]
    session = service.kiosk.store.current
    assert session is not None
    assert not (service.kiosk.store.folder(session) / gone["id"]).exists()
    service.restored(0)
    assert len(service.kiosk.queue.jobs()) == 1


def test_a_new_session_ends_the_one_before(service: Running) -> None:
    first = service.begin()
    service.phone.post(f"{first}/photos", content=jpeg(5))
    second = service.begin()
    assert service.state()["session"]["photos"] == []
    assert service.phone.get(f"{first}/state").status_code == 404
    assert service.phone.get(f"{second}/state").json() == {"photos": []}
    assert len(list(service.kiosk.store.root.iterdir())) == 1


def test_nobody_at_the_screen_ends_it(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    service.begin()
    session = service.kiosk.store.current
    assert session is not None
    session.touched -= service.kiosk.store.idle - 5
    assert 0 < service.state()["session"]["idle_seconds_left"] <= 5
    service.screen.post("/api/touch")
    assert service.state()["session"]["idle_seconds_left"] > 60
    seen = service.kiosk.changes.wait(-1, 0)
    session.touched -= service.kiosk.store.idle
    while service.kiosk.store.current is not None:
        seen = service.kiosk.changes.wait(seen, 10)
    assert list(service.kiosk.store.root.iterdir()) == []


def test_a_service_that_is_started_again_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.kiosk.dispatcher.pause()
        link = first.begin()
        first.phone.post(f"{link}/photos", content=jpeg(6))
        assert first.photo()["state"] == "waiting"
    with running(tmp_path) as second:
        second.restored()
        assert second.phone.get(f"{link}/state").json()["photos"][0]["state"] == "done"


def test_a_session_has_room_for_so_much(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    link = service.begin()
    monkeypatch.setattr(service.kiosk.photos, "session_bytes", 1)
    answer = service.phone.post(f"{link}/photos", content=jpeg())
    assert answer.status_code == 503 and "no room left" in answer.json()["error"]
    session = service.kiosk.store.current
    assert session is not None
    assert [path.name for path in service.kiosk.store.folder(session).iterdir()] == ["session.json"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no content"),
        (b"hello", "not a photo"),
        (jpeg()[:300], "damaged or incomplete"),
        (png(np.zeros((2000, 1500), np.uint8)), "more than the limit"),
    ],
)
def test_what_is_no_photo_is_refused_and_not_kept(service: Running, content: bytes, sentence: str) -> None:
    link = service.begin()
    answer = service.phone.post(f"{link}/photos", params={"name": "a.jpg"}, content=content)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert str(service.kiosk.store.root) not in answer.text
    session = service.kiosk.store.current
    assert session is not None
    assert [path.name for path in service.kiosk.store.folder(session).iterdir()] == ["session.json"]
