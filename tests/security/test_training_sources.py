"""Photo sets from strangers: bad pictures are set aside and named, bad archives refused in one sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import struct
import tarfile
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convert.errors import PhotoSetError
from convert.oldphotos import sources
from convert.oldphotos.damage import load_overlays
from convert.oldphotos.photosets import PhotoSet, load_photos
from convert.oldphotos.sources import SetAside, files_of
from edge import memory
from quantize.training.facesets import labelled_photos


def png(side: int = 40, seed: int = 0) -> bytes:
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that claims ``side`` times ``side`` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def entry(name: str, size: int, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, target
    return info


def archive(path: Path, mode: str = "w") -> Path:
    """Forty good photos, in folders of all kinds of names."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for index in range(40):
            content = png(seed=index)
            tar.addfile(entry(f"{'../' * (index % 3)}p{index}.png", len(content)), io.BytesIO(content))
    return path


def read(path: Path) -> PhotoSet:
    return load_photos([path], min_side=32)


def count(photos: PhotoSet) -> int:
    return len(photos.train) + len(photos.held_out)


def test_bad_photos_are_set_aside_and_named_and_the_others_used(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(40):
        (folder / f"p{index}.png").write_bytes(png(seed=index))
    (folder / "torn.png").write_bytes(png()[:200])
    (folder / "text.jpg").write_text("no photo")
    (folder / "bomb.png").write_bytes(bomb(60_000))
    (folder / "claims.webp").write_bytes(
        b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + struct.pack("<I", (16382 << 14) | 16382) + bytes(9)
    )
    (folder / "large.png").write_bytes(b"")
    os.truncate(folder / "large.png", sources.MAX_BYTES + 1)
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    before = memory.peak()
    photos = read(folder)
    assert count(photos) == 40
    assert {item.name.removeprefix("photos/"): item.reason.partition(" (")[0] for item in photos.aside} == {
        "torn.png": "can't be decoded",
        "text.jpg": "can't be decoded",
        "bomb.png": "has more than 100 megapixels",
        "claims.webp": "has more than 100 megapixels",
        "large.png": "has 268 MB, and at most 268 are read",
        "pipe.png": "can't be read",
        "gone.png": "can't be read",
        "zero.png": "can't be read",
    }
    after = memory.peak()
    assert before is not None and after is not None and after - before < 50 << 20


def test_a_set_of_nothing_but_bad_photos_says_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    with pytest.raises(PhotoSetError, match=r"too few photos .*text\.jpg: it can't be decoded"):
        read(tmp_path)


def test_photos_that_the_memory_does_not_hold_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.png").write_bytes(png())
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    with pytest.raises(PhotoSetError, match="name fewer"):
        read(tmp_path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_archives_are_read_in_memory_whatever_their_members_are_called(tmp_path: Path, mode: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    before = set(tmp_path.rglob("*")) | {archive(inside / "photos.tar", mode)}
    photos = read(inside / "photos.tar")
    assert count(photos) == 40 and not photos.aside
    assert set(tmp_path.rglob("*")) == before


def test_links_devices_and_sparse_members_are_set_aside(tmp_path: Path) -> None:
    path = archive(tmp_path / "photos.tar")
    with tarfile.open(path, "a") as tar:
        for name, kind in {
            "link.png": tarfile.SYMTYPE,
            "hard.png": tarfile.LNKTYPE,
            "pipe.png": tarfile.FIFOTYPE,
            "device.png": tarfile.CHRTYPE,
        }.items():
            tar.addfile(entry(name, 0, kind, "/etc/passwd"))
        giant = entry("sparse.png", 0, tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT)
        block = bytearray(giant)
        block[483:495] = b"77777777777\0"
        block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:]))
        tar.fileobj.write(block)  # type: ignore[union-attr]
        tar.offset += len(block)
    photos = read(path)
    assert count(photos) == 40
    assert {item.name: item.reason for item in photos.aside} == {
        "link.png": "is a link in photos.tar",
        "hard.png": "is a link in photos.tar",
        "pipe.png": "is no plain file in photos.tar",
        "device.png": "is no plain file in photos.tar",
        "sparse.png": "is no plain file in photos.tar",
    }


def pax(records: bytes) -> bytes:
    """A header of extended attributes, and the file that it describes."""
    head = entry("pax", len(records), tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT)
    return head + records.ljust(-(-len(records) // 512) * 512, b"\0") + entry("p.png", 0).tobuf()


def record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length = len(b"%d" % length) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (length, key, value)


def long_name(size: int, times: int) -> bytes:
    head = entry("././@LongLink", size, tarfile.GNUTYPE_LONGNAME).tobuf()
    return (head + b"n" * (-(-size // 512) * 512)) * times


GOOD = entry("p.png", 512).tobuf() + bytes(512)
BAD = {
    "no tar": b"hello " * 1000,
    "empty": b"",
    "cut in a header": GOOD + GOOD[:300],
    "cut in a file": GOOD + GOOD[:600],
    "damaged header": GOOD + b"\xff" * 512 + GOOD,
    "negative size": pax(record(b"size", b"-1024")),
    "size that is no number": pax(record(b"size", b"9" * 6000)),
    "quadratic attributes": pax(b"1" * 60_000),
    "attributes without end": pax(b"1" * (1 << 20)),
    "a name of 200 MB": entry("././@LongLink", 200 << 20, tarfile.GNUTYPE_LONGNAME).tobuf(),
    "a name of a name of a name": long_name(512, 3000),
    "sparse without end": pax(
        record(b"GNU.sparse.major", b"1")
        + record(b"GNU.sparse.minor", b"0")
        + record(b"GNU.sparse.name", b"p.png")
    )[:-512]
    + entry("p.png", 512).tobuf()
    + b"9" * 512,
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_bad_archives_are_refused_in_one_sentence_and_at_once(tmp_path: Path, kind: str, pack) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "photos.tar"
    path.write_bytes(pack(BAD[kind]))
    began = time.monotonic()
    with pytest.raises(PhotoSetError, match="is no tar archive of photos, or is damaged") as refused:
        read(path)
    assert time.monotonic() - began < 3 and "\n" not in str(refused.value) and len(str(refused.value)) < 500


def test_a_compressed_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_UNPACKED", 1 << 20)
    path = tmp_path / "photos.tar.gz"
    bombs = {"skipped": entry("a.txt", 1 << 40).tobuf(), "read": entry("a.png", 200 << 20).tobuf()}
    for head in bombs.values():
        path.write_bytes(gzip.compress(head + bytes(4 << 20)))
        with pytest.raises(PhotoSetError):
            read(path)
    path.write_bytes(gzip.compress(GOOD * 2000))
    with pytest.raises(PhotoSetError, match="does not end after 1048576 bytes"):
        read(path)


def test_more_members_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_FILES", 30)
    path = archive(tmp_path / "photos.tar")
    with pytest.raises(PhotoSetError, match="holds more than 30 files: divide it"):
        read(path)
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(31):
        (folder / f"{index}.png").touch()
    with pytest.raises(PhotoSetError, match="more than 30 files"):
        read(folder)


def test_members_larger_than_the_limit_are_set_aside_by_their_declared_size(tmp_path: Path) -> None:
    path = tmp_path / "photos.tar"
    with path.open("wb") as file:
        file.write(entry("giant.png", sources.MAX_BYTES + 1).tobuf())
        file.truncate(512 + sources.MAX_BYTES + 512 + 1024)
    aside: list[SetAside] = []
    assert list(files_of(path, (".png",), aside)) == []
    assert [item.name for item in aside] == ["giant.png"]


def test_a_pipe_in_place_of_an_archive_or_of_labels_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(PhotoSetError, match="Not a regular file"):
        read(pipe)
    with pytest.raises(PhotoSetError, match="Not a regular file"):
        load_overlays(pipe)
    with pytest.raises(PhotoSetError, match="holds no labels of faces"):
        list(labelled_photos([tmp_path], [pipe], 32, []))


FACE = [[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]]


@pytest.mark.parametrize(
    "labels",
    [
        "[" * 100_000,
        '{"a.png": ' + "[" * 100_000,
        json.dumps({"a.png": [[1, 1]] * 5}),
        json.dumps({"a.png": [[1e300, 1], *FACE[1:]]}),
        '{"a.png": [[1e999, 1], [2, 2], [3, 3], [4, 4], [5, 5]]}',
        b'{"\xff": []}'.decode("latin-1"),
    ],
    ids=["deep", "deep value", "no width", "far away", "infinite", "no utf-8"],
)
def test_labels_that_are_no_faces_are_refused(tmp_path: Path, labels: str) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(labels.encode("latin-1"))
    with pytest.raises(PhotoSetError, match="holds no labels of faces"):
        list(labelled_photos([tmp_path], [path], 32, []))
