"""Clean photographs for training: folders and tar files, a fixed split, random crops."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional as F

from convert.errors import PhotoSetError
from convert.oldphotos.sources import SetAside, files_of, shown, summary
from edge import memory
from edge.files import on_one_line
from edge.photo.headers.kinds import PHOTO_SUFFIXES

FORMATS = tuple(dict.fromkeys(PHOTO_SUFFIXES.values()))
HELD_OUT = 20
"""One photo in so many is held out of training, chosen by a hash of its name."""
MAX_PIXELS = 100_000_000
"""Of one picture."""
DECODING_BYTES = 16
"""What decoding takes for each pixel, the pixels themselves included: WebP most, measured."""


@dataclass(frozen=True)
class PhotoSet:
    """Decoded photos, each ``(H, W, 3)`` uint8, split for good by their names; and what was left out."""

    train: tuple[Tensor, ...]
    held_out: tuple[Tensor, ...]
    aside: tuple[SetAside, ...] = ()


def load_photos(sources: list[Path], min_side: int = 128, trim: float = 0) -> PhotoSet:
    """Decode every photo of the folders and tar files whose shorter side is at least ``min_side``.

    ``trim`` cuts this share off every border first: old photos have mounts and captions there. Raises
    PhotoSetError.
    """
    split: tuple[list[Tensor], list[Tensor]] = ([], [])
    aside: list[SetAside] = []
    for name, pixels in decoded_photos(sources, min_side, aside, trim):
        split[is_held_out(name)].append(pixels)
    if not split[0] or not split[1]:
        listed = ", ".join(str(source) for source in sources)
        because = "".join(f" {sentence}" for sentence in summary(aside, named=1))
        raise PhotoSetError(
            f"There are too few photos of at least {min_side} px in {listed}: add more.{because}"
        )
    return PhotoSet(tuple(split[0]), tuple(split[1]), tuple(aside))


def decoded_photos(
    sources: list[Path], min_side: int, aside: list[SetAside], trim: float = 0
) -> Iterator[tuple[str, Tensor]]:
    """Name and pixels ``(H, W, 3)`` of each photo, as for :func:`load_photos`.

    What can't be decoded, or is too large, is added to ``aside``. Raises PhotoSetError if a source can't be
    read or the photos are more than the memory holds.
    """
    for source in sources:
        for path, data in files_of(source, PHOTO_SUFFIXES, aside):
            try:
                pixels = picture(data, FORMATS, "RGB", min_side, trim)
            except UndecodedPicture as error:
                aside.append(SetAside(shown(path), str(error)))
                continue
            if pixels is not None:
                yield path.name, torch.from_numpy(pixels)


class UndecodedPicture(Exception):
    """Why a picture is left out, as the end of a sentence."""


def picture(
    data: bytes, formats: tuple[str, ...], mode: str, min_side: int = 1, trim: float = 0
) -> NDArray[np.uint8] | None:
    """The pixels of a picture in Pillow's ``mode``; None if its shorter side is less than ``min_side``.

    ``trim`` as for :func:`load_photos`. Raises UndecodedPicture, or PhotoSetError if the memory is full.
    """
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=formats) as image:
            warnings.simplefilter("ignore")
            width, height = image.size
            across, down = (round(side * trim) for side in image.size)
            if min(width - 2 * across, height - 2 * down) < min_side:
                return None
            if width * height > MAX_PIXELS:
                raise UndecodedPicture(f"has more than {MAX_PIXELS // 10**6} megapixels")
            free = memory.available()
            if free is not None and width * height * DECODING_BYTES > free:
                raise PhotoSetError("The photos do not fit into this machine's memory: name fewer of them.")
            inner = image.crop((across, down, width - across, height - down))
            return np.array(inner.convert(mode))
    except (UndecodedPicture, PhotoSetError):
        raise
    except Image.DecompressionBombError as error:
        raise UndecodedPicture(f"has more than {MAX_PIXELS // 10**6} megapixels") from error
    except Exception as error:  # damaged pictures make decoders raise nearly anything
        reason = on_one_line(str(error))[:100] or type(error).__name__
        raise UndecodedPicture(f"can't be decoded ({reason})") from error


def is_held_out(name: str) -> bool:
    """Whether the photo of this name is for figures only, never for training."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT == 0


BUNDLED = ("astronaut", "camera", "chelsea", "coins", "brick", "grass")
BUNDLED_HELD_OUT = ("coffee", "rocket", "stereo_motorcycle")


def bundled_photos(min_side: int) -> PhotoSet:
    """The photographs that come with scikit-image: few, but there on every machine."""
    from skimage import data

    def decoded(name: str) -> Tensor:
        loaded = getattr(data, name)()
        pixels = np.asarray(loaded[0] if isinstance(loaded, tuple) else loaded)
        colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        grow = [(0, max(0, min_side - side)) for side in colour.shape[:2]]
        return torch.from_numpy(np.pad(colour, [*grow, (0, 0)], mode="symmetric"))

    return PhotoSet(tuple(map(decoded, BUNDLED)), tuple(map(decoded, BUNDLED_HELD_OUT)))


def random_crops(photos: tuple[Tensor, ...], count: int, side: int, rng: Generator) -> Tensor:
    """``count`` random crops ``(count, 3, side, side)`` in 0..1, flipped and turned at random.

    A third of the batches is shrunk from crops half as large again, for a variety of scales.
    """
    wide = side * 3 // 2 if torch.rand((), generator=rng) < 0.33 else side
    crops = []
    for index in torch.randint(len(photos), (count,), generator=rng).tolist():
        photo = photos[index]
        cut = min(wide, *photo.shape[:2])
        top = int(torch.randint(photo.shape[0] - cut + 1, (), generator=rng))
        left = int(torch.randint(photo.shape[1] - cut + 1, (), generator=rng))
        crop = photo[top : top + cut, left : left + cut].permute(2, 0, 1).float() / 255
        if cut != side:
            crop = F.interpolate(crop[None], (side, side), mode="area")[0]
        crop = torch.rot90(crop, int(torch.randint(4, (), generator=rng)), (1, 2))
        crops.append(crop.flip(2) if torch.rand((), generator=rng) < 0.5 else crop)
    return torch.stack(crops)


SCALES = (0.42, 1.4)
"""Smallest and largest scale of a photo in a crop: whole faces and houses fit."""


def scaled_crops(photos: tuple[Tensor, ...], count: int, side: int, rng: Generator) -> Tensor:
    """``count`` random crops ``(count, C, side, side)`` in 0..1 of photos ``(H, W, C)`` scaled within
    `SCALES`, upright, half of them flipped."""
    crops = np.empty((count, side, side, photos[0].shape[2]), np.uint8)
    indices = torch.randint(len(photos), (count,), generator=rng).tolist()
    chances = torch.rand((count, 4), generator=rng).tolist()
    for crop, index, dice in zip(crops, indices, chances, strict=True):
        photo = photos[index].numpy()
        least = side / min(photo.shape[:2])
        cut = round(side / max(SCALES[0] + (SCALES[1] - SCALES[0]) * dice[0], least))
        top, left = (round((size - cut) * at) for size, at in zip(photo.shape, dice[1:3], strict=False))
        filtered = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
        cv2.resize(photo[top : top + cut, left : left + cut], (side, side), crop, interpolation=filtered)
        if dice[3] < 0.5:
            crop[:] = crop[:, ::-1].copy()
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


def luminance(pictures: Tensor) -> Tensor:
    """``pictures`` ``(B, 3, H, W)`` in gray."""
    weights = pictures.new_tensor([0.299, 0.587, 0.114])[:, None, None]
    return (pictures * weights).sum(1, keepdim=True).expand_as(pictures)


def some_gray(pictures: Tensor, share: float, rng: Generator) -> Tensor:
    """Turn about ``share`` of the pictures gray: most old photos are."""
    chosen = torch.rand((pictures.shape[0], 1, 1, 1), generator=rng, device=pictures.device) < share
    return torch.where(chosen, luminance(pictures), pictures)
