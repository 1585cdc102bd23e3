"""The single files of the shipped bundle, and the code that is shown for them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.routing import Route, Router
from starlette.testclient import TestClient

from demo.guard.routes import NETWORKS
from demo.networks.downloads import Downloads, address, downloads
from demo.networks.snippets import snippets
from demo.networks.view import code, links
from edge.bundle.bundle import open_bundle

BUNDLE = open_bundle()
FOUND = downloads(BUNDLE)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Router([Route(NETWORKS, Downloads(BUNDLE.folder, FOUND))]))


def test_every_network_can_be_had_byte_for_byte(client: TestClient) -> None:
    wanted = {
        (name, tile.file)
        for name, part in BUNDLE.manifest.parts.items()
        for artifact in part.artifacts
        for tile in artifact.tiles
    }
    assert {(each.part, tile.file) for each in FOUND.values() for tile in each.tiles} == wanted
    for name, each in FOUND.items():
        answer = client.get(address(name))
        assert answer.status_code == 200 and f'filename="{name}"' in answer.headers["content-disposition"]
        if not name.endswith(".zip"):
            assert answer.content == (BUNDLE.folder / each.paths[0]).read_bytes()
            assert len(answer.content) == each.bytes


def test_a_package_is_a_folder_in_a_zip_file(client: TestClient) -> None:
    packed = client.get(address("encoder-int8.mlpackage.zip")).content
    folder = BUNDLE.folder / "encoder" / "int8.mlpackage"
    files = {
        f"encoder-int8.mlpackage/{path.relative_to(folder).as_posix()}": path
        for path in folder.rglob("*.*")
    }
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {*archive.namelist()} == {name for name, path in files.items() if path.is_file()}
        assert all(archive.read(name) == files[name].read_bytes() for name in archive.namelist())
    assert packed == client.get(address("encoder-int8.mlpackage.zip")).content


@pytest.mark.parametrize(
    "name", ("manifest.json", "..", "encoder%2Fint8.tflite", "encoder-int8.mlpackage", "%00")
)
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    answer = client.get(f"/networks/{name}")
    assert answer.status_code == 404


@pytest.mark.parametrize("title", ("Python (LiteRT)", "Python (ONNX Runtime)"))
def test_the_code_runs(
    title: str, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = dict(snippets([*FOUND.values()]))[title]
    (file,) = [name for name in FOUND if f'"{name}"' in text]
    (tmp_path / file).write_bytes(client.get(address(file)).content)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(text, names)
    rows, columns = FOUND[file].tiles[0].rows, FOUND[file].tiles[0].columns
    assert names["latent"].shape == (1, rows, columns, 64) and names["latent"].dtype == np.int8
    assert os.path.exists(file)


def test_every_platform_has_code_with_the_names_of_the_bundle() -> None:
    found = dict(snippets([*FOUND.values()]))
    assert len(found) == 4 and all("args_0" in text and "output_0" in text for text in found.values())
    assert "encoder-int8.tflite" in found["Android (Kotlin, LiteRT)"]
    assert "MLShapedArray<Float>" in found["iOS (Swift, Core ML)"]


def test_the_page_links_every_file_and_shows_code_as_text() -> None:
    page = links(FOUND)
    assert all(f'href="/networks/{name}"' in page for name in FOUND)
    assert "MLShapedArray&lt;Float&gt;" in code(FOUND.values())
