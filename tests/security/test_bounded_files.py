"""Files of other programs: pipes and devices are not waited for, and sizes have a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.files import MAX_REASON, open_regular, read_bounded, reason_of


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            open_regular(path)


def test_a_file_is_read_up_to_a_limit_whatever_size_it_claims(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_bounded(file, 5) == b"12345"
    os.truncate(file, 1 << 40)
    with pytest.raises(OSError, match="Larger than 5 bytes"):
        read_bounded(file, 5)


def test_what_a_file_says_fills_no_screen() -> None:
    """Libraries quote files in their errors."""
    said = reason_of(ValueError("a\n\x1b[2J" + "x" * 1_000_000))
    assert said.startswith("a \\x1b[2Jx") and len(said) == MAX_REASON + 1 < 1000
    assert reason_of(ValueError()) == "ValueError"
