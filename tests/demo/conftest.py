"""A server of the page with the shipped bundle, and what the command line makes of a photo."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo.server import Opened, Settings, opened
from edge.commands.restore import command as restore

MAX_FILE = 2_000_000


@pytest.fixture(scope="session")
def server() -> Iterator[Opened]:
    with opened(Settings(max_file=MAX_FILE, max_pixels=20_000_000)) as server:
        yield server


@pytest.fixture
def by_command(tmp_path: Path) -> Callable[..., bytes]:
    """The bytes that `heirloom restore` makes of a photo."""

    def run(photo: Path, *options: str) -> bytes:
        folder = tmp_path / "by-command"
        shutil.rmtree(folder, ignore_errors=True)
        reported = CliRunner().invoke(restore, [str(photo), "-o", str(folder), "--threads", "1", *options])
        assert reported.exit_code == 0, reported.output
        # Of a format that is not written it has another ending; a report and a comparison lie beside it.
        beside = (".", "heirloom-", f"{photo.stem}.before-after")
        (result,) = (path for path in folder.iterdir() if not path.name.startswith(beside))
        return result.read_bytes()

    return run
