"""Checks the app's string catalogs: each text of the screen is there, in German too, and none is idle."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

APP = Path(__file__).parents[3] / "ios_app/App"
LANGUAGES = ("de",)

_LONG_LITERAL = re.compile(r'"""\n\s*(.*?)\n\s*"""', re.DOTALL)
_BREAK = r"\\\n\s*"
# Parentheses within an interpolation may hold no others.
_INTERPOLATION = re.compile(r"\\\(((?:[^()]|\([^()]*\))*)\)")
_LITERAL = re.compile(rf'(systemImage: )?"((?:[^"\\\n]|{_INTERPOLATION.pattern})*)"')
_PLACEHOLDER = re.compile(r"%(?:\d+\$)?(@|lld)")
# SwiftUI writes whole numbers and texts in different ways into a key, and only names tell them apart here.
_WHOLE_NUMBERS = re.compile(r"(megapixels|needed|free|count)$")


def main() -> int:
    """Print what is wrong and return whether something is."""
    problems = [*screen_problems(), *translation_problems(APP / "Localizable.xcstrings")]
    problems += translation_problems(APP / "InfoPlist.xcstrings")
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return min(len(problems), 1)


def keys_of(source: str) -> Iterator[str]:
    """The keys of the texts in a file's source."""
    code = "\n".join(line for line in source.splitlines() if not line.strip().startswith("//"))
    code = _LONG_LITERAL.sub(lambda found: f'"{re.sub(_BREAK, "", found[1])}"', code)
    for prefix, text, _ in _LITERAL.findall(code):
        if not prefix and re.search("[A-Za-z]", _INTERPOLATION.sub("", text)):
            yield _INTERPOLATION.sub(_specifier, text)


def _specifier(interpolation: re.Match[str]) -> str:
    return "%lld" if _WHOLE_NUMBERS.search(interpolation[1]) else "%@"


def screen_problems() -> Iterator[str]:
    """Texts of the screen that the catalog lacks, and entries that no screen shows."""
    shown = {key for file in sorted(APP.glob("Screen/**/*.swift")) for key in keys_of(file.read_text())}
    known = set(_strings(APP / "Localizable.xcstrings"))
    yield from (f"Localizable.xcstrings: no {key!r}" for key in sorted(shown - known))
    yield from (f"Localizable.xcstrings: no screen shows {key!r}" for key in sorted(known - shown))


def translation_problems(catalog: Path) -> Iterator[str]:
    """Entries that lack a language, or whose placeholders differ from the key's."""
    for key, entry in _strings(catalog).items():
        for language in LANGUAGES:
            unit = entry.get("localizations", {}).get(language, {}).get("stringUnit", {})
            if unit.get("state") != "translated" or not unit.get("value"):
                yield f"{catalog.name}: {key!r} is not translated to {language}"
            elif Counter(_PLACEHOLDER.findall(key)) != Counter(_PLACEHOLDER.findall(unit["value"])):
                yield f"{catalog.name}: {key!r} has other placeholders in {language}"


def _strings(catalog: Path) -> dict[str, Any]:
    strings: dict[str, Any] = json.loads(catalog.read_text())["strings"]
    return strings


if __name__ == "__main__":
    sys.exit(main())
