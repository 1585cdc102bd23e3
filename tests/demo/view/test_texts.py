"""The page's texts: each is there in every language, and used."""

from __future__ import annotations

import json
import re
from pathlib import Path

PAGE = Path("demo/view/page")
TEXTS = {path.stem: json.loads(path.read_text("utf-8")) for path in (PAGE / "strings").glob("*.json")}
USED = "".join(path.read_text("utf-8") for path in (*PAGE.glob("*.js"), *PAGE.glob("*.html")))


def test_languages_have_the_same_texts() -> None:
    assert TEXTS.keys() == {"en", "de"}
    assert TEXTS["en"].keys() == TEXTS["de"].keys()
    for key, text in TEXTS["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", TEXTS["de"][key])), key


def test_texts_are_used_and_there() -> None:
    families = ("stage.", "status.", "tray.", "example.")
    unused = [key for key in TEXTS["en"] if f'"{key}"' not in USED and not key.startswith(families)]
    assert unused == []
    named = re.findall(r'(?:data-(?:text|name|hint|alt)=|\btext\()"([\w.-]+)"', USED)
    assert len(named) > 40
    assert set(named) <= TEXTS["en"].keys()
