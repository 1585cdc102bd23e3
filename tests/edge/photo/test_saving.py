"""A picture that the disk cuts short is an error, never a torn file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.photo.writers.saving import save_image

resource = pytest.importorskip("resource")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_does_not_fit_is_an_error(tmp_path: Path, kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files end here as on a full disk: first with a short write, then with an error.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="too large"), (tmp_path / "picture").open("wb") as out:
            save_image(noise, out, kind)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "picture").stat().st_size == 1024
