"""Restores a photo with the published networks: the pipeline around `convert.reference.chain`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from convert.reference.budget import working_bytes
from convert.reference.chain import STRIDE, Mapping, Networks, PhotoRows, pictured, translate
from convert.reference.detection import find_scratches, widened
from convert.reference.faces.finder import Finder, FindsFaces
from convert.reference.faces.refining import refine_faces, refine_faces_as_published
from convert.reference.kinds import RoleName
from convert.reference.nets import FaceGenerator, ScratchUnet, Vae
from convert.reference.presets import Preset
from convert.reference.resizing import MIN_SIDE, in_size, resized, scaled
from convert.reference.strips import Workspace
from edge.errors import MemoryBudgetExceeded, NetworkFailed, OptionRefused
from edge.integers import ceil_div
from edge.memory import give_back
from edge.photo.bands import Pixels
from edge.photo.photo import Photo
from edge.restore.damage import mask as damage
from edge.restore.faces.face import FaceRecord
from edge.restore.faces.refine import in_words
from edge.restore.hue import one_hue
from edge.restore.options import Options
from edge.restore.restorer import Restored
from edge.restore.tiles.cells import in_colour, shrink
from edge.restore.tiles.tiling import Box, cut

QUALITY: RoleName = "mapping_quality"

PATCH_STRIDE = 32
"""Pixels to the largest patch of the high-resolution mapping."""

PATCH_MASK_MARGIN = 3
"""By so many pixels the mask is widened for that mapping, as published."""

THUMBNAIL_SIDE = 1024

FACES_SHARE = 0.1
"""Of the progress, where faces may be refined: a face of 256 pixels takes as long as 0.06 megapixels."""


class Weights(Protocol):
    """Where networks come from; `convert.reference.weights.ReferenceWeights` is one."""

    def __contains__(self, role: RoleName) -> bool:
        """Whether there is a network of that role."""

    def blank(self, role: RoleName) -> nn.Module:
        """The network of that role without memory for its weights. Raises MissingWeights."""

    def load(self, role: RoleName) -> nn.Module:
        """The network of that role, for inference. Raises MissingWeights."""


def face_role(hr: bool) -> RoleName:
    """The role of the network that refines faces."""
    return "face_512" if hr else "face_256"


class ReferenceRestorer:
    """Restores photos with the published networks, which are loaded when a photo needs them."""

    def __init__(
        self,
        weights: Weights,
        preset: Preset,
        *,
        hr: bool = False,
        device: torch.device,
        max_memory: int | None = None,
        finder: FindsFaces | None = None,
    ) -> None:
        """``hr``: the high-resolution networks for scratches and for faces. ``max_memory``: bytes.
        ``finder``: default: that of the bundle that ships."""
        self._weights, self._preset, self._device = weights, preset, device
        self._scratch_role: RoleName = "mapping_hr" if hr else "mapping_scratch"
        self._face_role = face_role(hr)
        self._finder = finder or Finder()
        self._max_memory = max_memory
        self._loaded: dict[RoleName, nn.Module] = {}
        for role in ("vae_a", "vae_b_quality"):
            self._network(role)

    def restore(
        self,
        photo: Photo,
        options: Options,
        progress: Callable[[float], None] | None = None,
    ) -> Restored:
        """Restore ``photo``; ``progress`` receives the share done, 0..1.

        The photo's pixels are overwritten, unless the preset resizes them. Raises MemoryBudgetExceeded
        before anything is changed, PhotoError for a mask that does not fit, NetworkFailed, WeightsError,
        OptionRefused.
        """
        if options.fill_only:
            raise OptionRefused("The published networks restore what they fill: leave out fill_only.")
        if options.crop_border:
            raise OptionRefused("The published networks restore the whole photo: leave out crop_border.")
        if photo.pixels.ndim == 2 and (self._preset.in_colour or not options.keep_gray):
            photo = replace(photo, pixels=in_colour(photo.pixels))
        refines = self._refines(options)
        given = (photo.pixels.shape[0], photo.pixels.shape[1])
        drawn = self._drawn_mask(photo, options)
        if self._preset.resizes:
            photo = resized(photo, scratched=options.scratches != "off")
        gray = not self._preset.in_colour and options.keep_gray and _is_gray(photo.pixels)
        with _enough_memory():
            share = _part_of(progress, 0, 1 - FACES_SHARE if refines else 1)
            done = self._restore_all(photo.pixels, drawn, options, gray, refines, share)
            records: tuple[FaceRecord, ...] = ()
            if refines:
                marked = scaled(options, given, photo.pixels.shape)
                share = _part_of(progress, 1 - FACES_SHARE, 1)
                records = self._refine_faces(photo.pixels, marked, gray, share)
        if progress is not None:
            progress(1.0)
        return Restored(photo, (*done, *in_words(records)), in_size(records, photo.pixels.shape, given))

    def _restore_all(
        self,
        pixels: Pixels,
        drawn: NDArray[np.bool_] | None,
        options: Options,
        gray: bool,
        refines: bool,
        progress: Callable[[float], None],
    ) -> list[str]:
        """Restore the photo in place, apart from its faces; the steps in words."""
        if self._max_memory is not None:
            self._unload(self._face_role)
        mask = self._mask(pixels, drawn, options)
        networks = self._chain(scratched=mask is not None)
        patches = self._scratch_role == "mapping_hr" and mask is not None
        size = self._padded((pixels.shape[0], pixels.shape[1]), PATCH_STRIDE if patches else STRIDE)
        done = ["restored by the published networks"]
        if mask is not None:
            done.insert(0, f"scratches on {100 * mask.mean():.1f} % of the photo")
            mask = widened(mask, PATCH_MASK_MARGIN) if patches else mask
            mask = cut(mask, Box(0, 0, *size))

        detectors = [self._loaded[role] for role in self._loaded if role == "detection"]
        generator = cast(FaceGenerator, self._weights.blank(self._face_role)) if refines else None
        work = Workspace(
            working_bytes(self._max_memory, size, networks, detectors, generator),
            _share_of(networks.macs(size), progress),
        )
        picture = translate(networks, PhotoRows(pixels, size, mask, self._device), work)
        low, high = 0.0, 1.0
        if self._preset.stretches:
            ends = [(strip.min(), strip.max()) for _, strip in pictured(picture, work)]
            low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
        for top, strip in pictured(picture, work):
            strip -= low
            strip /= max(high - low, 1e-5)
            _paint(pixels[top : top + len(strip)], strip, options.strength, gray)
        return done

    def _refines(self, options: Options) -> bool:
        """Whether faces are to be refined. Raises MissingWeights if some are marked and nothing refines."""
        if isinstance(options.faces, tuple) and options.refines_faces:
            self._weights.blank(self._face_role)
        return options.refines_faces and self._face_role in self._weights

    def _refine_faces(
        self, pixels: Pixels, options: Options, gray: bool, progress: Callable[[float], None]
    ) -> tuple[FaceRecord, ...]:
        """Refine the faces of the restored photo in place, as the preset does."""
        faces = self._finder.faces(pixels, options)
        if not faces:
            return ()
        if self._max_memory is not None:
            # The weights for faces take as much as all others together.
            self._unload("detection", self._scratch_role, QUALITY)
        give_back()
        generator = cast(FaceGenerator, self._network(self._face_role))
        strength = options.strength * options.face_strength
        finished = 0

        def on_face() -> None:
            nonlocal finished
            finished += 1
            progress(finished / len(faces))

        if self._preset.replaces_faces:
            return refine_faces_as_published(pixels, faces, generator, strength, on_face)
        return refine_faces(pixels, faces, generator, strength, gray, on_face)

    def _unload(self, *roles: RoleName) -> None:
        for role in roles:
            self._loaded.pop(role, None)

    def _network(self, role: RoleName) -> nn.Module:
        if role not in self._loaded:
            self._loaded[role] = self._weights.load(role).to(self._device)
        return self._loaded[role]

    def _chain(self, scratched: bool) -> Networks:
        role, other = self._scratch_role, QUALITY
        if not scratched:
            role, other = other, role
        # The mappings are the largest networks by far: only the one in use is kept.
        self._unload(other)
        encoder = cast(Vae, self._network("vae_a")).encoder
        decoder = cast(Vae, self._network("vae_b_scratch" if scratched else "vae_b_quality")).decoder
        return Networks(encoder, cast(Mapping, self._network(role)), decoder)

    def _drawn_mask(self, photo: Photo, options: Options) -> NDArray[np.bool_] | None:
        if not isinstance(options.scratches, Path):
            return None
        return damage.read_mask(options.scratches, (photo.pixels.shape[0], photo.pixels.shape[1])).mask

    def _mask(
        self, pixels: Pixels, drawn: NDArray[np.bool_] | None, options: Options
    ) -> NDArray[np.bool_] | None:
        """The damage for the mapping of scratched photos, ``(H, W)``; None for the other mapping."""
        if options.scratches == "off":
            return None
        if drawn is not None:
            size = (pixels.shape[1], pixels.shape[0])
            mask = np.array(Image.fromarray(drawn).resize(size, Image.Resampling.NEAREST))
        else:
            detector = cast(ScratchUnet, self._network("detection"))
            mask = find_scratches(detector, pixels, self._preset.mask_threshold, self._device)
        return mask if mask.any() or self._preset.expects_scratches else None

    def _padded(self, shape: tuple[int, int], multiple: int) -> tuple[int, int]:
        """The size of a photo for the networks, with mirrored borders."""
        if self._preset.resizes:
            return shape
        rows, columns = (ceil_div(max(side, MIN_SIDE), multiple) * multiple for side in shape)
        return rows, columns


@contextmanager
def _enough_memory() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MemoryBudgetExceeded(
            "The device ran out of memory: allow less with --max-memory, shrink the photo, or use "
            "--device cpu."
        ) from error


def _part_of(
    progress: Callable[[float], None] | None, first: float, last: float
) -> Callable[[float], None]:
    """The progress of a part, as that from ``first`` to ``last`` of the whole."""

    def on_progress(share: float) -> None:
        if progress is not None:
            progress(first + (last - first) * share)

    return on_progress


def _share_of(total: int, progress: Callable[[float], None]) -> Callable[[int], None]:
    done = 0

    def on_progress(macs: int) -> None:
        nonlocal done
        done += macs
        progress(min(1.0, done / total))

    return on_progress


def _is_gray(pixels: Pixels) -> bool:
    """Whether the photo is gray, or toned in one hue."""
    return pixels.ndim == 2 or one_hue(shrink(pixels, ceil_div(max(pixels.shape), THUMBNAIL_SIDE)))


def _paint(target: Pixels, strip: NDArray[np.float32], strength: float, gray: bool) -> None:
    """Move the rows of ``target`` ``(rows, columns[, 3])`` towards ``strip`` (0..1), in place."""
    if not np.isfinite(strip).all():
        raise NetworkFailed("The networks returned values that are not finite: import the weights again.")
    whole = np.iinfo(target.dtype).max
    strip = strip[: target.shape[0], : target.shape[1]]
    before = target if target.ndim == 3 else target[..., None]
    change = strip * whole - before
    if gray:
        change = change.mean(axis=2, keepdims=True)
    after = np.floor(before + strength * change + 0.5)
    target[...] = np.clip(after, 0, whole).reshape(target.shape)
