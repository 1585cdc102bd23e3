"""What a command says about files that it left out."""

from __future__ import annotations

import os
from collections.abc import Collection

from rich.console import Console

from convert.oldphotos.photosets import PhotoSet
from convert.oldphotos.sources import SetAside, summary


def told(photos: PhotoSet) -> PhotoSet:
    """The photos, after the ones that were left out have been named to the user."""
    tell(photos.aside)
    return photos


def tell(aside: Collection[SetAside]) -> None:
    """Print what was left out to standard error, once for all processes of ``torchrun``."""
    if os.environ.get("RANK", "0") == "0":
        for sentence in summary(aside):
            Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)
