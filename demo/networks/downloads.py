"""The files of a bundle's networks, each under its own name: a `.mlpackage`, a folder, as a ZIP file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from demo.guard.refusals import Refused
from demo.guard.routes import NETWORKS
from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Artifact, Part, PartName, Tile, parts_in_order

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that ZIP files can hold: the same files make the same ZIP file."""


@dataclass(frozen=True)
class Download:
    """A file of a network, for one tile size or all of them."""

    name: str
    """Such as ``encoder-int8.tflite``."""
    part: PartName
    artifact: Artifact
    tiles: tuple[Tile, ...]
    """The tiles that it holds."""
    paths: tuple[str, ...]
    """Its file, or all files of its folder, as the manifest names them."""
    bytes: int


def address(name: str) -> str:
    """Where a file is served, from the page's root on."""
    return NETWORKS.format(name=name)


def downloads(bundle: Bundle) -> dict[str, Download]:
    """All of them by name, in the order of the parts."""
    found = {}
    for name, part in parts_in_order(bundle.manifest):
        for each in _of_part(bundle, name, part):
            found[each.name] = each
    return found


def _of_part(bundle: Bundle, name: PartName, part: Part) -> list[Download]:
    files = bundle.manifest.files
    found = []
    for artifact in part.artifacts:
        for file in dict.fromkeys(tile.file for tile in artifact.tiles):
            paths = (
                (file,) if file in files else tuple(sorted(p for p in files if p.startswith(f"{file}/")))
            )
            ending = "" if file in files else ".zip"
            tiles = tuple(tile for tile in artifact.tiles if tile.file == file)
            size = sum(files[path].bytes for path in paths)
            found.append(Download(file.replace("/", "-") + ending, name, artifact, tiles, paths, size))
    return found


@dataclass(frozen=True)
class Downloads:
    """Serves them: nothing else of the bundle, and nothing beside it."""

    folder: Path
    found: Mapping[str, Download]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        asked = self.found.get(scope["path_params"]["name"])
        if asked is None:
            answer = Refused(404, "The bundle has no such file.").as_json()
        elif asked.name.endswith(".zip"):
            headers = {"Content-Disposition": f'attachment; filename="{asked.name}"'}
            answer = Response(zipped(self.folder, asked), media_type="application/zip", headers=headers)
        else:
            answer = FileResponse(
                self.folder / asked.paths[0], filename=asked.name, media_type="application/octet-stream"
            )
        await answer(scope, receive, send)


def zipped(folder: Path, download: Download) -> bytes:
    """The files of a folder as a ZIP file; weights hardly get smaller, so they are stored as they are."""
    root = Path(download.tiles[0].file)
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as archive:
            for path in download.paths:
                inside = Path(download.name).with_suffix("") / Path(path).relative_to(root)
                archive.writestr(
                    zipfile.ZipInfo(inside.as_posix(), _LONG_AGO), (folder / path).read_bytes()
                )
        return out.getvalue()
