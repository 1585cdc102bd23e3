"""Compares a bundle with PyTorch on photos of your own, and writes the result as an HTML page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convert.figures.faces import ComparedFace, FaceComparison
from convert.mobile.nets.restorer import PIXEL_CHANNELS
from convert.mobile.parts import PartSource
from convert.mobile.samples import Photos, Sampler, tile_samples
from convert.proof.gate import shortfall
from convert.proof.prover import Measured, Prover, open_networks
from convert.proof.trace import LayerError
from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Artifact, Gate, PartName, Role, artifact_bytes
from edge.restore.tiles.cells import to_pixels

matplotlib.use("Agg")
from matplotlib import pyplot

CELL = 4
AMPLIFIED = 16
"""Factor by which differences are brightened."""

FINAL: tuple[Role, ...] = ("residual", "picture", "face")
"""Outputs of the last networks: a change to a photo, or a photo in -1..1."""

SHOWN = 4
"""Photos under "before and after"."""


@dataclass(frozen=True)
class Result:
    """One artifact, measured."""

    part: PartName
    artifact: Artifact
    kilobytes: float
    gate: Gate
    short: str | None
    layers: list[LayerError]
    measured: Measured

    @property
    def name(self) -> str:
        """Format and precision."""
        return f"{self.artifact.format} {self.artifact.precision}"


@dataclass(frozen=True)
class Picture:
    """A picture of the page, with a line under it."""

    picture: str
    caption: str


def measure_bundle(
    bundle: Bundle,
    sources: Sequence[PartSource],
    photos: Photos,
    sampler: Sampler = tile_samples,
    on_progress: Callable[[str], None] = lambda step: None,
) -> tuple[list[Result], Prover]:
    """Run every artifact of ``bundle`` on ``photos``; ``sampler`` computes PyTorch's inputs and outputs.

    The tiles of ``sources`` must be the bundle's. Raises RuntimeUnavailable.
    """
    on_progress("what PyTorch computes")
    prover = Prover(bundle.folder, sampler(sources, photos), photos.description)
    results = []
    for source in sources:
        for artifact in bundle.manifest.parts[source.name].artifacts:
            on_progress(f"{source.name} {artifact.format} {artifact.precision}")
            measured = prover.measure(source, artifact, open_networks(bundle.folder, artifact))
            short = shortfall(source.name, artifact.precision, measured.gate)
            layers = prover.layers(source, artifact, 0)
            size = artifact_bytes(bundle.manifest, artifact) / 1000
            results.append(Result(source.name, artifact, size, measured.gate, short, layers, measured))
    return results, prover


def write_report(
    path: Path,
    bundle: Bundle,
    results: Sequence[Result],
    prover: Prover,
    faces: FaceComparison | None = None,
) -> None:
    """Write the page, all pictures inside; without ``faces`` it has no such section. Raises OSError."""
    from jinja2 import Environment

    from edge.files import written_beside

    final = [result for result in results if result.artifact.outputs[0].role in FINAL]
    template = (files("convert.figures") / "templates" / "report.html").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    parts = list(dict.fromkeys(result.part for result in results))
    text = page.render(
        title=f"Bundle {bundle.manifest.name}, version {bundle.manifest.version}",
        about=f"Measured on: {prover.data}. {bundle.manifest.provenance.recipe}",
        results=results,
        layers=[_layer_plot(part, [r for r in results if r.part == part]) for part in parts],
        histogram=_histogram(final),
        worst=[_worst_tile(result, prover) for result in final],
        pictures=[
            picture
            for part in dict.fromkeys(result.part for result in final)
            for picture in _before_and_after([r for r in final if r.part == part], prover)
        ],
        faces=faces,
        face_pictures=[_face_row(face) for face in faces.faces] if faces else [],
    )
    with written_beside(path) as out:
        out.write(text.encode())


def _layer_plot(part: PartName, results: Sequence[Result]) -> str:
    figure, axes = pyplot.subplots(figsize=(10, 3.2))
    for result in results:
        axes.plot([error.psnr for error in result.layers], "o-", ms=3, label=result.name)
    if results and results[0].layers:
        names = [error.layer for error in results[0].layers]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
    axes.set(ylabel="dB", title=part)
    axes.legend(fontsize=7)
    return _plotted(figure)


def _histogram(results: Sequence[Result]) -> str:
    figure, axes = pyplot.subplots(figsize=(10, 3.2))
    edges = np.arange(-12.25, 12.5, 0.5)
    for result in results:
        pairs = zip(result.measured.got, result.measured.wanted, strict=True)
        errors = np.concatenate([(got - wanted).ravel() for got, wanted in pairs])
        errors *= 255 if result.artifact.outputs[0].role == "residual" else 127.5
        axes.hist(errors.clip(-12, 12), edges, histtype="step", density=True, label=result.name)
    axes.set(yscale="log", xlabel="levels", ylabel="share")
    axes.legend(fontsize=7)
    return _plotted(figure)


def _worst_tile(result: Result, prover: Prover) -> Picture:
    pairs = zip(result.measured.got, result.measured.wanted, strict=True)
    errors = [float(np.mean((got - wanted) ** 2)) for got, wanted in pairs]
    index = int(np.argmax(errors))
    photo, exact, made = _pictures(result, prover, index)
    difference = np.clip(0.5 + AMPLIFIED * (made - exact), 0, 1)
    decibels = -10 * np.log10(max(errors[index], 1e-12))
    caption = (
        f"{result.part}, {result.name}, {decibels:.1f} dB: the old photo, restored by PyTorch, restored by "
        f"the artifact, and the difference {AMPLIFIED} times as large."
    )
    return Picture(_encoded(np.concatenate((photo, exact, made, difference), axis=1)), caption)


def _before_and_after(results: Sequence[Result], prover: Prover) -> list[Picture]:
    found = []
    for index in range(min(SHOWN, len(prover.samples[results[0].part].outputs))):
        photo, exact, _ = _pictures(results[0], prover, index)
        row = [photo, exact, *(_pictures(result, prover, index)[2] for result in results)]
        caption = (
            f"{results[0].part}. The old photo; PyTorch; {', '.join(result.name for result in results)}."
        )
        found.append(Picture(_encoded(np.concatenate(row, axis=1)), caption))
    return found


def _face_row(face: ComparedFace) -> Picture:
    caption = (
        f"Photo {face.photo}, face {face.number}, {face.face.width:.0f} pixels wide: clean; made old; "
        f"mobile; published. Refined by {face.refined_by}."
    )
    return Picture(_encoded(np.concatenate(face.crops, axis=1) / 255), caption)


def _pictures(
    result: Result, prover: Prover, index: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The old photo of a sample, restored by PyTorch and by the artifact, in 0..1."""
    samples, measured = prover.samples[result.part], result.measured
    if samples.before:
        photo, exact, made = (
            np.clip((pictures[index][0] + 1) / 2, 0, 1)
            for pictures in (samples.before, measured.wanted, measured.got)
        )
        return photo, exact, made
    if result.part == "face":
        photo = to_pixels(samples.inputs[index][0][0, ..., :PIXEL_CHANNELS], CELL)
    else:
        photo = to_pixels(prover.samples["encoder"].inputs[index][0][0], CELL)
    exact, made = (
        np.clip(photo + to_pixels(tiles[index][0], CELL), 0, 1) for tiles in (measured.wanted, measured.got)
    )
    return photo, exact, made


def _encoded(picture: NDArray[Any]) -> str:
    stream = io.BytesIO()
    Image.fromarray(np.round(picture * 255).astype(np.uint8)).save(stream, "PNG")
    return _data_url(stream)


def _plotted(figure: Any) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
    pyplot.close(figure)
    return _data_url(stream)


def _data_url(stream: io.BytesIO) -> str:
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
