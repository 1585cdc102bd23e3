"""What `heirloom convert` makes of its options."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from convert.commands.convert import chosen_kinds, command
from convert.oldphotos.photosets import bundled_photos


def test_formats_take_the_precisions_that_they_have() -> None:
    assert chosen_kinds("litert,onnx", "int8,dynamic", False) == (
        ("litert", "int8"),
        ("litert", "dynamic"),
        ("onnx", "int8"),
    )
    assert chosen_kinds("coreml, onnx:int8+float16", "palettized", False) == (
        ("coreml", "palettized"),
        ("onnx", "float16"),
        ("onnx", "int8"),
    )


@pytest.mark.parametrize(
    ("formats", "precisions", "mixed", "says"),
    [
        ("tflite", "int8", False, "no format tflite"),
        ("litert", "int9", False, "no precision int9"),
        ("onnx", "dynamic", False, "onnx has none of dynamic"),
        ("litert", "", False, "Say which precision"),
        ("litert", "mixed", False, "--mixed FILE"),
        ("litert", "int8", True, "--mixed FILE"),
    ],
)
def test_what_cannot_be_made_is_said(formats: str, precisions: str, mixed: bool, says: str) -> None:
    with pytest.raises(typer.BadParameter, match=says):
        chosen_kinds(formats, precisions, mixed)


def test_wrong_options_end_before_anything_is_written(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path), "--to", "tflite", "-o", str(tmp_path / "b")])
    assert result.exit_code == 2 and list(tmp_path.iterdir()) == []


def test_the_photos_that_come_along_are_large_enough() -> None:
    photos = bundled_photos(256)
    assert len(photos.train) >= 5 and len(photos.held_out) >= 3
    assert all(min(photo.shape[:2]) >= 256 for photo in (*photos.train, *photos.held_out))
