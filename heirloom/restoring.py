"""Restoration of the pictures of Python programs: paths, arrays, Pillow's images, photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from edge.bundle.bundle import Bundle, open_bundle
from edge.bundle.manifest import Precision
from edge.errors import UnsupportedPhoto
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo, read_photo
from edge.restore import restorer as networks
from edge.restore.damage.mask import Damage
from edge.restore.options import Options
from edge.restore.restorer import Restored
from edge.runtimes import available_threads

Picture = str | Path | NDArray[Any] | Image.Image | Photo
"""The pictures that can be restored. An array is ``(H, W)`` gray, ``(H, W, 3)`` colour or ``(H, W, 4)``
with alpha, uint8 or uint16, sRGB-encoded."""


class Restorer:
    """The networks of a bundle, loaded once for many photos. A restorer is not thread-safe.

    Args:
        bundle: An opened bundle or its folder. Default: the one that ships.
        precision: "int8", "float16" or "float32", as far as the bundle has them.
        runtime: "litert" or "onnx". Default: the first that is installed.
        threads: CPU threads. Default: the cores that this process may use.
        max_memory: Limit in bytes for the whole process.

    Raises:
        BundleError: The bundle is broken, or of another version.
        RuntimeUnavailable: The runtime isn't installed.
    """

    def __init__(
        self,
        bundle: Bundle | str | Path | None = None,
        *,
        precision: Precision = "int8",
        runtime: str | None = None,
        threads: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        opened = (
            bundle if isinstance(bundle, Bundle) else open_bundle(None if bundle is None else Path(bundle))
        )
        self._networks = networks.Restorer(
            opened,
            precision=precision,
            runtime=runtime,
            threads=threads or available_threads(),
            max_memory=max_memory,
        )

    def restore(
        self,
        picture: Picture,
        options: Options | None = None,
        *,
        in_place: bool = False,
        on_progress: Callable[[float], None] | None = None,
        **changes: Any,
    ) -> Restored:
        """Restore a picture.

        Args:
            picture: The picture; it is not changed unless ``in_place``.
            options: Options of the restoration.
            in_place: Overwrite the array of ``picture``, which saves its size in memory.
            on_progress: Called with the completed share, 0..1.
            changes: Fields of ``options`` by name: ``restore(picture, strength=0.7)``.

        Returns:
            The restored photo, the steps applied to it, its faces and its damage.

        Raises:
            PhotoError: The picture or the mask can't be read, or the mask doesn't fit.
            MemoryBudgetExceeded: The picture needs more than ``max_memory``.
            MissingArtifact: Boxes of faces are given and the bundle has no networks for faces.
            OptionRefused: A number is out of its range.
            TypeError: There is no such option.
        """
        photo = as_photo(picture, self._networks.max_memory)
        if not in_place and isinstance(picture, (np.ndarray, Photo)):
            photo = replace(photo, pixels=photo.pixels.copy())
        return self._networks.restore(photo, replace(options or Options(), **changes), on_progress)

    def find_damage(self, picture: Picture, options: Options | None = None) -> Damage | None:
        """The damage that `restore` would fill; None if there is none or ``scratches`` is off.

        Raises:
            PhotoError: The picture or the mask can't be read, or the mask doesn't fit.
        """
        return self._networks.find_damage(as_photo(picture, self._networks.max_memory), options)


def restore(picture: Picture, options: Options | None = None, **arguments: Any) -> Restored:
    """Restore a picture with the bundle that ships, in INT8.

    The networks stay loaded for the next call.

    Args:
        picture: The picture; it is not changed unless ``in_place`` is given.
        options: Options of the restoration.
        arguments: The other arguments of `Restorer.restore`.

    Returns:
        The restored photo, the steps applied to it, its faces and its damage.

    Raises:
        HeirloomError: As for `Restorer.restore`.
    """
    return _shipped().restore(picture, options, **arguments)


@cache
def _shipped() -> Restorer:
    return Restorer()


def as_photo(picture: Picture, max_memory: int | None = None) -> Photo:
    """The picture as a photo; arrays are taken over, not copied.

    Raises:
        PhotoError: It can't be read.
        MemoryBudgetExceeded: Reading the file takes the process beyond ``max_memory`` bytes.
    """
    if isinstance(picture, Photo):
        return picture
    if isinstance(picture, (str, Path)):
        return read_photo(Path(picture), max_memory=max_memory)
    if isinstance(picture, Image.Image):
        picture = np.array(_plain(ImageOps.exif_transpose(picture)))
    if picture.dtype not in (np.uint8, np.uint16):
        raise UnsupportedPhoto(f"An array of {picture.dtype} is not a photo: give uint8 or uint16.")
    channels = 1 if picture.ndim == 2 else picture.shape[2] if picture.ndim == 3 else 0
    if channels not in (1, 2, 3, 4) or picture.size == 0:
        raise UnsupportedPhoto(
            f"An array of shape {picture.shape} is not a photo: give (H, W), (H, W, 3) or (H, W, 4)."
        )
    alpha = picture[..., -1] if channels in (2, 4) else None
    colour = picture if picture.ndim == 2 else picture[..., : channels - (alpha is not None)]
    pixels = colour[..., 0] if colour.ndim == 3 and colour.shape[2] == 1 else colour
    return Photo(np.ascontiguousarray(pixels), alpha, Metadata("PNG"))


def _plain(image: Image.Image) -> Image.Image:
    """The image in gray or colour, with or without alpha, of 8 or 16 bits."""
    if image.mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        return image
    if image.mode == "1":
        return image.convert("L")
    has_alpha = image.has_transparency_data
    return image.convert("RGBA" if has_alpha else "RGB")
