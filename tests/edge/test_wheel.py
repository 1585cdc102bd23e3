"""The wheel: only what runs, and the same photo as from the repository."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "samples" / "astronaut-old.jpg"
MAX_BYTES = 14_000_000


@pytest.mark.slow
def test_a_wheel_restores_the_same_photo_outside_the_repository(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "-q"]
    subprocess.run([*pip, "wheel", ROOT, "--no-deps", "-w", tmp_path], check=True)
    [wheel] = tmp_path.glob("heirloom_edge-*.whl")
    assert wheel.stat().st_size <= MAX_BYTES
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "-q", "install", wheel], check=True)
    results = []
    for number, interpreter in enumerate((python, sys.executable)):
        output = tmp_path / f"{number}.jpg"
        heirloom = [interpreter, "-m", "heirloom"]
        subprocess.run([*heirloom, "restore", PHOTO, "-o", output], check=True, cwd=tmp_path)
        subprocess.run([*heirloom, "bundle", "verify"], check=True, cwd=tmp_path)
        results.append(output.read_bytes())
    assert results[0] == results[1]
