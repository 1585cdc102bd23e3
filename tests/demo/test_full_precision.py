"""Imported weights as the reference, in PyTorch. Its worker takes seconds to start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from skimage import data

from demo.server import Settings, opened
from tests.convert.reference.small_weights import write_small_weights

pytestmark = pytest.mark.slow


def test_imported_weights_restore_as_by_the_command(
    by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    (tmp_path / "weights").mkdir()
    weights = write_small_weights(tmp_path / "weights")
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)).save(photo)
    with opened(Settings(weights=weights)) as server:
        assert server.service.reference == "torch"
        client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
        restored, figures = client.predict(handle_file(str(photo)), variant="torch", api_name="/restore")
    assert figures["done"][-1] == "restored by the published networks"
    by_torch = by_command(photo, "--runtime", "torch", "--weights", str(weights))
    assert Path(restored).read_bytes() == by_torch


def test_their_faces_are_compared_with_those_of_the_mobile_networks(
    by_command: Callable[..., bytes], tmp_path: Path
) -> None:
    """Lightly restored, since small random networks leave no face."""
    (tmp_path / "weights").mkdir()
    weights = write_small_weights(tmp_path / "weights", optional=["face_256"])
    photo = tmp_path / "photo.png"
    Image.fromarray(data.astronaut()[20:220, 110:310]).save(photo)
    with opened(Settings(weights=weights)) as server:
        client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
        restored, mobile = (
            client.predict(handle_file(str(photo)), strength=0.2, variant=variant, api_name="/restore")
            for variant in ("torch", "litert-int8")
        )
    (ours,), (theirs,) = (figures["faces"] for _, figures in (mobile, restored))
    assert np.abs(np.subtract(ours["box"], theirs["box"])).max() < 20
    by_torch = by_command(photo, "--runtime", "torch", "--weights", str(weights), "--strength", "0.2")
    assert Path(restored[0]).read_bytes() == by_torch
