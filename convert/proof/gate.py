"""Gates: the least agreement with the full-precision PyTorch model at which an artifact is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from convert.errors import GateFailed
from edge.bundle.manifest import Gate, PartName, Precision, PublishedName, Role

CAP = 120.0
"""dB reported for results that are equal, or nearly so."""


@dataclass(frozen=True)
class Threshold:
    """The least that an artifact must reach, in dB."""

    output: float
    worst_tile: float
    residual: float | None = None


THRESHOLDS: dict[tuple[PartName | None, Precision], Threshold] = {
    (None, "float32"): Threshold(output=80, worst_tile=70),
    (None, "float16"): Threshold(output=60, worst_tile=50),
    (None, "palettized"): Threshold(output=45, worst_tile=40),
    (None, "int8"): Threshold(output=32, worst_tile=26),
    ("scratch", "int8"): Threshold(output=32, worst_tile=24),
    ("decoder", "float32"): Threshold(output=80, worst_tile=70, residual=60),
    ("decoder", "float16"): Threshold(output=60, worst_tile=55, residual=45),
    ("decoder", "palettized"): Threshold(output=50, worst_tile=45, residual=35),
    ("decoder", "int8"): Threshold(output=38, worst_tile=34, residual=24),
    ("face", "float16"): Threshold(output=60, worst_tile=50, residual=45),
    ("face", "int8"): Threshold(output=34, worst_tile=25, residual=24),
}
"""Thresholds by part (None: all others) and precision, the same in all formats. The decoder's are end to
end: photo in, photo out. Every other INT8 precision has the thresholds of "int8"."""

PUBLISHED: dict[Precision, Threshold] = {
    "float32": Threshold(output=80, worst_tile=70, residual=70),
    "float16": Threshold(output=45, worst_tile=40, residual=40),
    "int8_weights": Threshold(output=26, worst_tile=24, residual=24),
}
"""Thresholds of the published networks, whose norms scale errors up with the signal."""

PUBLISHED_CHAINS: dict[Precision, Threshold] = {
    **PUBLISHED,
    "float16": Threshold(output=42, worst_tile=40, residual=40),
}
"""Thresholds of their decoders, where the errors of three networks add up."""

PUBLISHED_CHOICES: dict[Precision, Threshold] = {
    **PUBLISHED,
    "float16": Threshold(output=35, worst_tile=35),
}
"""Thresholds of ``mapping_hr``, which replaces each damaged patch by the intact one that is most like it.

The choice is not continuous. Where two intact patches are about as much like the damaged one, weights
rounded to float16 change which is taken, in PyTorch as well as in any other format. A replaced share f of
the latent costs about 15 - 10 log10(f) dB, for latents with a peak-to-peak of eight standard deviations:
45 dB for one patch of 2x2 in 64x64 latents, 33 dB for one of 8x8. With the choice held, float16 gives 59 dB
and more. INT8 weights have a lower threshold anyway.
"""


def threshold(part: PartName, precision: Precision) -> Threshold:
    """The threshold of a part in a precision."""
    if part in get_args(PublishedName):
        own = {"vae_decoder": PUBLISHED_CHAINS, "mapping_hr": PUBLISHED_CHOICES}
        return next((own[start] for start in own if part.startswith(start)), PUBLISHED)[precision]
    if precision in ("mixed", "dynamic"):
        precision = "int8"
    return THRESHOLDS.get((part, precision), THRESHOLDS[None, precision])


def psnr(reference: NDArray[Any], other: NDArray[Any], peak: float | None = None) -> float:
    """dB of ``other`` against ``reference``; ``peak`` defaults to the reference's peak-to-peak."""
    reference = reference.astype(np.float64)
    error = float(np.mean((reference - other) ** 2))
    span = float(np.ptp(reference)) if peak is None else peak
    if error == 0:
        return CAP
    if span == 0 or not np.isfinite(error):
        return 0.0
    return min(CAP, 10 * float(np.log10(span**2 / error)))


def measure(
    references: Sequence[NDArray[Any]],
    outputs: Sequence[NDArray[Any]],
    data: str,
    role: Role,
    before: Sequence[NDArray[Any]] = (),
) -> Gate:
    """Compare tiles of a part's output with the model's.

    Args:
        references: The model's tiles.
        outputs: The artifact's tiles, in the same order.
        data: Description of the photos, for the manifest.
        role: Of the output.
        before: For published networks that return pictures, the input pictures.

    Returns:
        PSNR of all tiles together, of the worst tile, and of the residual if there is one.

    Probabilities and photos have a range of 1, others that of the model's output. A residual makes a photo,
    and is judged by itself too, relative to its own peak-to-peak: a lost one leaves an image that still
    looks right. The published networks give pictures, from -1 to 1: their residual is what they changed in
    the pictures ``before``.
    """
    span = float(max(np.max(r) for r in references) - min(np.min(r) for r in references))
    peak = {"residual": 1.0, "probability": 1.0, "picture": 2.0, "face": 2.0}.get(role, span)
    by_tile = [psnr(r, o, peak) for r, o in zip(references, outputs, strict=True)]
    joined = _joined(references), _joined(outputs)
    residual = None
    if role == "residual":
        residual = psnr(*joined)
    elif before:
        residual = psnr(*joined, float(np.ptp(joined[0] - _joined(before))))
    return Gate(
        output_psnr=round(psnr(*joined, peak), 2),
        residual_psnr=None if residual is None else round(residual, 2),
        worst_tile_psnr=round(min(by_tile), 2),
        tiles=len(outputs),
        data=data,
    )


def shortfall(part: PartName, precision: Precision, gate: Gate) -> str | None:
    """Figures that fall short of the threshold, as text; None if none does. Values that are not finite have
    a PSNR of 0."""
    least = threshold(part, precision)
    short = [
        f"{what} {value:.1f} dB (at least {limit:g})"
        for what, value, limit in (
            ("output", gate.output_psnr, least.output),
            ("worst tile", gate.worst_tile_psnr, least.worst_tile),
            ("residual", gate.residual_psnr, least.residual),
        )
        if value is not None and limit is not None and value < limit
    ]
    return "; ".join(short) or None


def judge(part: PartName, precision: Precision, gate: Gate) -> None:
    """Raise GateFailed if a figure falls short of the threshold."""
    short = shortfall(part, precision, gate)
    if short:
        raise GateFailed(f"{part} in {precision} failed its gate, so no bundle was written: {short}.")


def _joined(tiles: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([tile.ravel() for tile in tiles])
