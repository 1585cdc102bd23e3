"""What is fuzzed: for each kind of input its seeds, how it is changed, and what reads it.

A reader is given the path of the input and an empty folder for what it writes. Errors of the product's
family are answers; any other is a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.security.fuzz import changes, pages, seeds

Reader = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Target:
    """One kind of input. ``reader`` imports what it needs and returns what reads an input."""

    seeds: Callable[[], list[bytes]]
    change: changes.Change
    reader: Callable[[int], Reader]
    """Given the most memory in bytes that the process may take."""
    share: int = 1
    """Of all inputs, relative to the others."""
    name: str = "input"
    """Of the file: some readers go by it."""
    max_bytes: int = 4096
    native: bool = False
    """Whether crashes of the native library are expected, which no check in Python can prevent."""


def _photo(max_memory: int) -> Reader:
    from edge.photo.photo import page_count, read_photo, write_photo

    def read(path: Path, output: Path) -> None:
        page = 1 if page_count(path) > 1 else None
        photo = read_photo(path, 4_000_000, page, max_memory)
        if photo.pixels.size < 1 << 18:
            write_photo(photo, output / f"written.{photo.metadata.format.lower()}")

    return read


def _mask(max_memory: int) -> Reader:
    from edge.restore.damage.mask import read_mask

    return lambda path, _: read_mask(path, (18, 26), max_memory) and None


def _manifest(max_memory: int) -> Reader:
    from edge.bundle.bundle import decode_manifest, open_bundle
    from edge.errors import MissingBundleFile

    def read(path: Path, output: Path) -> None:
        decode_manifest(path.read_bytes())
        with suppress(MissingBundleFile):  # its networks are not there
            open_bundle(path.parent)

    return read


def _weights_manifest(max_memory: int) -> Reader:
    from convert.reference.weights import open_weights

    return lambda path, _: open_weights(path.parent) and None


def _report(max_memory: int) -> Reader:
    from edge.batch.records.history import History
    from edge.batch.records.reading import read_report
    from edge.batch.records.report import open_report

    def read(path: Path, output: Path) -> None:
        list(read_report(path))
        History(path)
        copy = output / path.name
        copy.write_bytes(path.read_bytes())
        with open_report(copy):
            pass

    return read


def _checkpoint(max_memory: int) -> Reader:
    from convert.reference.checkpoints.files import find_checkpoints, on_disk, read_checkpoint

    def read(path: Path, output: Path) -> None:
        for file in find_checkpoints([path]):
            with on_disk(file, output) as place:
                read_checkpoint(place, file.label)

    return read


def _weights(max_memory: int) -> Reader:
    from convert.mobile.nets import ToneNet
    from convert.mobile.weights import load_weights

    network = ToneNet(4)
    return lambda path, _: load_weights(network, path)


def _run(max_memory: int) -> Reader:
    from tempfile import mkdtemp

    from quantize.training.checkpoint import load_checkpoint
    from tests.security.fuzz.runs import tiny_run

    run = tiny_run(Path(mkdtemp()))
    return lambda path, _: load_checkpoint(path, run.networks, run.optimizers, run.averaged) and None


def _photos(max_memory: int) -> Reader:
    from convert.oldphotos.photosets import decoded_photos

    return lambda path, _: list(decoded_photos([path], 4, [])) and None


def _settings(max_memory: int) -> Reader:
    from convert.int8.ranges import load_ranges
    from convert.recipes import int8
    from edge.errors import HeirloomError
    from quantize.recipes import recipe
    from quantize.training.curves import read_curve
    from quantize.training.facesets import labelled_photos
    from quantize.training.run_record import read_run

    readers: list[Callable[[Path], object]] = [
        *(load_ranges, int8.load_recipe, recipe.load_recipe, read_curve),
        lambda path: list(labelled_photos([], [path], 32, [])),
        lambda path: read_run(path.parent),
    ]

    def read(path: Path, output: Path) -> None:
        refusals: list[HeirloomError] = []
        for each in readers:
            try:
                each(path)
            except HeirloomError as error:
                refusals.append(error)
        # Each reads files of one kind; the longest sentence stands for all.
        raise max(refusals, key=lambda error: len(str(error)))

    return read


def _kiosk(max_memory: int) -> Reader:
    from edge.kiosk.config import read_config

    return lambda path, _: read_config(path) and None


def _network(max_memory: int) -> Reader:
    """Loads and runs a file in place of the smallest network of any part that takes what it takes."""
    import numpy as np

    from edge.bundle.bundle import open_bundle
    from edge.bundle.manifest import tensor_shape
    from edge.errors import InvalidManifest
    from edge.runtimes import litert

    artifacts = [
        artifact
        for name, part in open_bundle().manifest.parts.items()
        for artifact in part.artifacts
        if name in seeds.NETWORKS and artifact.format == "litert" and artifact.precision != "float32"
    ]

    def read(path: Path, output: Path) -> None:
        for artifact in artifacts:
            tile = min(artifact.tiles, key=lambda each: each.rows * each.columns)
            try:
                network = litert.load(path, artifact, tile, 1)
            except InvalidManifest as error:
                refused = error
                continue
            network.run([np.zeros(tensor_shape(spec, tile), spec.dtype) for spec in artifact.inputs])
            return
        raise refused

    return read


TARGETS: dict[str, Target] = {
    "jpeg": Target(seeds.jpeg, changes.numbers, _photo, share=10),
    "png": Target(seeds.png, changes.png, _photo, share=10),
    "tiff": Target(seeds.tiff, changes.numbers, _photo, share=12),
    "webp": Target(seeds.webp, changes.numbers, _photo, share=6),
    "bmp": Target(seeds.bmp, changes.numbers, _photo, share=4),
    "gif": Target(seeds.gif, changes.numbers, _photo, share=4),
    "pnm": Target(seeds.pnm, changes.numbers, _photo, share=4),
    "avif": Target(seeds.avif, changes.numbers, _photo, share=4),
    "heic": Target(seeds.heic, changes.numbers, _photo, share=3),
    "mask": Target(seeds.masks, changes.numbers, _mask, share=4),
    "manifest": Target(
        seeds.manifests, changes.document, _manifest, share=6, name="manifest.json", max_bytes=200_000
    ),
    "weights-manifest": Target(
        seeds.weights_manifests, changes.document, _weights_manifest, share=3, name="manifest.json"
    ),
    "report": Target(seeds.reports, changes.lines, _report, share=6, name="heirloom-report.jsonl"),
    "torch": Target(
        seeds.torch_files, changes.zipped, _checkpoint, share=6, name="a.pth", max_bytes=32_768
    ),
    "safetensors": Target(
        seeds.safetensors_files, changes.tensors, _weights, share=4, name="a.safetensors", max_bytes=32_768
    ),
    "run": Target(
        seeds.run_checkpoints, changes.zipped, _run, share=4, name="checkpoint.pt", max_bytes=32_768
    ),
    "tar": Target(seeds.tars, changes.archive, _photos, share=6, name="photos.tar", max_bytes=32_768),
    "settings": Target(
        seeds.settings, changes.document, _settings, share=5, name="run.json", max_bytes=20_000
    ),
    "kiosk": Target(seeds.kiosk_files, changes.numbers, _kiosk, share=2, name="kiosk.toml"),
    "page-body": Target(pages.bodies, changes.document, pages.reading_bodies, share=6),
    "page-headers": Target(pages.headers, changes.lines, pages.reading_headers, share=4),
    "network": Target(
        seeds.networks, changes.flips, _network, share=2, name="a.tflite", max_bytes=1 << 20, native=True
    ),
}
