"""Small photos and scanned damage, made of noise."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from convert.oldphotos.damage import Overlays
from convert.oldphotos.photosets import PhotoSet


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        np.asarray(Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((180, 170)))
        for _ in range(count)
    ]


def photo_set() -> PhotoSet:
    """Six photos to train on and two held out."""
    tensors = [torch.from_numpy(picture.copy()) for picture in pictures(8)]
    return PhotoSet(tuple(tensors[:6]), tuple(tensors[6:]))


def tiny_overlays() -> Overlays:
    """Two kinds of scanned damage, of two pictures each."""
    covers = np.zeros((2, 60, 50), np.uint8)
    covers[0, 10:50, 20:30] = 255
    covers[1, 20:26, 5:45] = 200
    return {"dirt": tuple(covers), "lint": tuple(covers[::-1].copy())}
