"""The INT8 recipe: which operations of the mobile networks are computed in INT8, and which stay float.

One file for all formats. A rule names a part and a place in it by a regular expression, an operation, and a
scheme; the last rule that fits decides, and what no rule names is INT8.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from convert.errors import RecipeError
from edge.files import read_bounded, reason_of, written_beside

Scheme = Literal["int8", "float"]
MAX_BYTES = 16 << 20
"""Of a recipe's file."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both regular expressions must match whole: ``scope`` the place ``part/module/...``, ``operation`` one
    of conv, add, mul, relu6, linear, matmul, softmax, reshape, transpose, sigmoid. A part's last operation
    is INT8 whatever the rules, since other parts read its output."""

    scope: str
    operation: str
    scheme: Scheme
    why: str


class Int8Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """INT8 means per-channel symmetric weights and per-tensor asymmetric activations."""

    format_version: Literal[1]
    rules: tuple[Rule, ...]

    def scheme(self, scope: str, operation: str) -> Scheme:
        """The scheme of the last rule that fits; INT8 if none does."""
        found: Scheme = "int8"
        for rule in self.rules:
            if re.fullmatch(rule.operation, operation) and re.fullmatch(rule.scope, scope):
                found = rule.scheme
        return found


def load_recipe(path: Path | None = None) -> Int8Recipe:
    """Read a recipe; by default the one that ships. Raises RecipeError."""
    source = files("convert") / "recipes" / "mobile.json" if path is None else path
    try:
        content = source.read_bytes() if path is None else read_bounded(path, MAX_BYTES)
        recipe = msgspec.json.decode(content, type=Int8Recipe)
        for rule in recipe.rules:
            for pattern in (rule.scope, rule.operation):
                re.compile(pattern)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError, OverflowError, re.error) as error:
        raise RecipeError(
            f"{source} is no INT8 recipe ({reason_of(error)}): make one with `heirloom search` "
            "(docs/toolkit/int8.md)."
        ) from error
    return recipe


def save_recipe(recipe: Int8Recipe, path: Path) -> None:
    """Write a recipe; ``path`` appears whole or not at all. Raises OSError."""
    with written_beside(path) as out:
        out.write(msgspec.json.format(msgspec.json.encode(recipe), indent=2) + b"\n")
