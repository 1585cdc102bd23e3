"""Uploads that are no photos, or broken ones, or claim to be large."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from tests.demo.view.hostile.kinds import File
from tests.demo.view.hostile.pickled import Executed
from tests.edge.photo.encoders import encoded, pixels, png
from tests.edge.photo.hostile import make_hostile_photos


def known_files(folder: Path, max_file: int) -> Iterator[File]:
    for hostile in make_hostile_photos(folder):
        path = hostile.path
        if hostile.error is not None and path.is_file() and path.stat().st_size < max_file:
            yield File(path.name, path.read_bytes())


def cut_files() -> Iterator[File]:
    photo = Image.fromarray(pixels(96, 128, 3))
    for kind, options in (
        ("JPEG", {"quality": 90}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {}),
        ("WEBP", {"quality": 90}),
    ):
        content = encoded(photo, kind, **options)
        for number in range(20):
            yield File(f"cut.{kind.lower()}", content[: len(content) * (2 * number + 1) // 45])


def _payloads() -> Iterator[tuple[str, bytes]]:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"model{protocol}.pkl", pickle.dumps(Executed(), protocol)
    with io.BytesIO() as out:
        np.save(out, np.array([Executed()], object), allow_pickle=True)
        yield "array.npy", out.getvalue()
    zeros = bytes(20_000_000)
    for name in ("data.pkl", "../../escaped.jpg", "/tmp/escaped.jpg", "photo.jpg"):
        with io.BytesIO() as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(name, pickle.dumps(Executed()) if name.endswith("pkl") else zeros)
            yield "bomb.zip", out.getvalue()
    yield "bomb.gz", gzip.compress(zeros)
    yield "bomb.bz2", bz2.compress(zeros)
    yield "bomb.xz", lzma.compress(zeros)
    lol = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    for text in (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "<svg><script>fetch('//example.org')</script></svg>",
        '<svg><image href="file:///etc/passwd"/></svg>',
        f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY l0 "lol">{lol}]><svg>&l9;</svg>',
        '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        "<html><script>alert(1)</script></html>",
        "#!/bin/sh\ntouch executed\n",
        "%!PS\n(/etc/passwd) (r) file",
        "push graphic-context\nimage over 0,0 0,0 'https://example.org/x'\npop graphic-context",
    ):
        yield "drawing.svg", text.encode()
    for content in (
        b"\x7fELF",
        b"MZ",
        b"%PDF-1.7",
        b"PK\3\4",
        b"\0asm",
        b"SQLite format 3\0",
        b"ID3",
        b"\xff",
    ):
        yield "photo.jpg", content + bytes(300)
    for number in range(20):
        yield "noise.png", np.random.default_rng(number).bytes(7**number % 5000)


_SIGNATURES = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
    b"RIFF\xff\0\0\0WEBPVP8 ",
    b"GIF89a",
    b"BM",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
)


def no_photos() -> Iterator[File]:
    payloads = list(_payloads())
    for name, content in payloads:
        yield File(name, content)
    for signature, (_, content) in product(_SIGNATURES, payloads[::9]):
        yield File("photo.jpg", signature + content)


def claimed_sizes() -> Iterator[File]:
    sides = (20_001, 65_535, 1_000_000, 2**31 - 1)
    for width, height in product(sides, sides):
        yield File("large.png", png(width, height, 8, 2, b"\0" * 100))
    jpeg = bytearray(encoded(Image.fromarray(pixels(96, 128, 3)), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    for height, width in product((9_000, 30_000, 65_535), repeat=2):
        jpeg[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
        yield File("large.jpg", bytes(jpeg))
    for width, height in product((30_000, 65_535), repeat=2):
        yield File("large.gif", b"GIF89a" + struct.pack("<HH", width, height) + bytes(40))
        header = struct.pack("<IHHIIIIHHIIIIII", 0, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        yield File("large.bmp", b"BM" + header[:52])
        yield File("large.ppm", b"P6 %d %d 255\n" % (width, height))


NAMES = (
    "../../x.jpg",
    "..\\..\\x.jpg",
    "/etc/passwd",
    "C:\\x.jpg",
    "....//x.jpg",
    "%2e%2e%2fx.jpg",
    "..",
    ".",
    ".made",
    ".bashrc",
    "a\0b.jpg",
    "a\nb.jpg",
    "<b>.jpg",
    "$(touch executed).jpg",
    "; rm x.jpg",
    "\u202egpj.exe",
    "CON.jpg",
    "-rf.jpg",
    "x" * 3000 + ".jpg",
    "\U0001f600" * 200,
    "x." + "j" * 500,
    "before.jpg",
    "found.png",
)


def named_files() -> Iterator[File]:
    for name in NAMES:
        yield File(name, pickle.dumps(Executed()))
