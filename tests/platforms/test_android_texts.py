"""The Android app's texts: German has every one that English has, with the same places for values."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

RESOURCES = Path(__file__).parents[2] / "android_app/app/src/main/res"


def places(folder: str) -> dict[str, list[str]]:
    """The names of a language's texts that are to be translated, with the places for values in each."""
    texts = ElementTree.parse(RESOURCES / folder / "strings.xml").getroot()
    return {
        text.attrib["name"]: sorted(set(re.findall(r"%\d\$[\d.]*[a-z]", "".join(text.itertext()))))
        for text in texts
        if text.get("translatable") != "false"
    }


def test_german_has_all_texts_with_the_same_places() -> None:
    english = places("values")
    assert len(english) > 50
    assert english == places("values-de")


def test_every_text_is_used() -> None:
    sources = [*RESOURCES.parent.rglob("*.kt"), *RESOURCES.parent.rglob("*.xml")]
    used = set(
        re.findall(r"(?:R\.(?:string|plurals)\.|@string/)(\w+)", "\n".join(map(Path.read_text, sources)))
    )
    assert {*places("values"), "app_name", "percent"} == used
