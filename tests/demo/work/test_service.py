"""Two visitors at the same tables, with the shipped bundle."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from convert.proof.gate import psnr
from demo.errors import PhotoRemoved
from demo.variants import INPUT, variants_of
from demo.work.messages import Setup
from demo.work.pool import WorkerPool
from demo.work.service import Service
from demo.work.sessions import Request, SessionStore
from demo.work.turns import Turns
from demo.work.views import MARK
from edge.bundle.bundle import open_bundle
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options

PHOTO = Path("samples/astronaut-old.jpg")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    bundle = open_bundle()
    variants = variants_of(bundle, None)
    setups = {
        key: Setup(variant.runtime, variant.precision, 1, bundle=str(bundle.folder))
        for key, variant in variants.items()
    }
    store = SessionStore(tmp_path_factory.mktemp("sessions"))
    scratch = tmp_path_factory.mktemp("scratch")
    opened = Service(variants, WorkerPool(setups, 60), Turns(16, 32), store, scratch, 10**7)
    yield opened
    opened.pool.close()


def asked(photo: Path) -> Request:
    return Request(str(photo))


def quiet(share: float, name: str) -> None:
    pass


def test_two_visitors_get_their_own(service: Service, tmp_path: Path) -> None:
    """At once, with files of one name."""
    photos = []
    for number, colour in enumerate(((200, 30, 30), (30, 30, 200))):
        photos.append(tmp_path / str(number) / "photo.png")
        photos[-1].parent.mkdir()
        Image.new("RGB", (40, 30), colour).save(photos[-1])

    async def visit(visitor: str, photo: Path) -> Path:
        session = service.store.session(visitor, asked(photo))
        await service.make(session, [INPUT, "litert-int8"], service.pool.deadline(), quiet)
        return session.restored("litert-int8")

    async def both() -> list[Path]:
        return await asyncio.gather(visit("ann", photos[0]), visit("bob", photos[1]))

    first, second = (np.asarray(Image.open(path)).mean((0, 1)) for path in asyncio.run(both()))
    assert first[0] > first[2] + 50
    assert second[2] > second[0] + 50


def test_a_comparison_shows_what_was_made(service: Service) -> None:
    session = service.store.session("ann", asked(PHOTO))

    async def compare() -> None:
        await service.make(session, ["litert-int8", "litert-float16"], service.pool.deadline(), quiet)
        await service.measure(session)

    asyncio.run(compare())
    exact, made, given = (
        np.load(session.after("litert-float16")),
        np.load(session.after("litert-int8")),
        np.load(session.before),
    )
    assert session.psnr == {
        INPUT: pytest.approx(psnr(exact, given, 255)),
        "litert-int8": pytest.approx(psnr(exact, made, 255)),
    }
    assert 38 < session.psnr["litert-int8"] < 60  # below the bundle's gate it would not have shipped

    view = asyncio.run(service.look(session, INPUT, "litert-int8"))
    left, right = (np.asarray(Image.open(path)) for path in view.sides)
    assert np.array_equal(left, given)
    assert np.array_equal(right, made)
    assert np.array_equal(np.asarray(Image.open(view.heat[0])), made)
    assert Image.open(view.heat[1]).size == Image.open(PHOTO).size
    box = view.difference.worst
    zoomed = np.asarray(Image.open(view.worst[1]))
    assert np.array_equal(zoomed[::8, ::8], made[box.top : box.bottom, box.left : box.right])


def test_scratches_and_faces_are_marked(service: Service) -> None:
    session = service.store.session("ann", asked(PHOTO))
    asyncio.run(service.make(session, ["litert-int8"], service.pool.deadline(), quiet))
    damage = np.load(session.damage("litert-int8"))
    # No bundle finds faces yet: one as a record tells it.
    face = FaceRecord((40, 60, 100, 120), 0.87, 0.1, True)
    result = session.results["litert-int8"]
    session.results["litert-int8"] = msgspec.structs.replace(result, faces=[face])
    try:
        found = asyncio.run(service.found(session, ("litert-int8", INPUT)))
    finally:
        session.results["litert-int8"] = result
    plain, marked = (np.asarray(Image.open(path)) for path in found.picture)
    assert np.array_equal(plain, np.load(session.before))
    assert (marked[damage] == MARK).all()
    assert (marked[60, 40:140] == MARK).all()
    assert (marked[60:180, 140] == MARK).all()
    assert found.sentences == ["Damage on 6.6 % of the photo", "Face 1: 87 % sure, refined"]


def test_a_photo_that_was_removed_is_said_to_be(service: Service, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    shutil.copy(PHOTO, photo)
    session = service.store.session("cas", asked(photo))
    asyncio.run(service.make(session, ["litert-int8"], service.pool.deadline(), quiet))
    service.store.leave("cas")
    with pytest.raises(PhotoRemoved, match="choose it again"):
        asyncio.run(service.look(session, INPUT, "litert-int8"))
    photo.unlink()
    session = service.store.session("cas", replace(asked(photo), options=Options(strength=0.5)))
    with pytest.raises(PhotoRemoved, match="choose it again"):
        asyncio.run(service.make(session, ["litert-int8"], service.pool.deadline(), quiet))
