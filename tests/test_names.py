"""Names that users type: no text may send them to a distribution that isn't ours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from edge import DISTRIBUTION

ROOT = Path(__file__).parents[1]
TEXTS = ("*.md", "docs/**/*.md", "*_app/**/*.md", "edge/**/*.py", "convert/**/*.py", "quantize/**/*.py")
INSTALL = re.compile(r"pip install (?:-\S+ )*[\"']?(heirloom[\w-]*)")


def test_the_distribution_is_what_the_code_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    required = [each for extra in project["optional-dependencies"].values() for each in extra]
    assert all(each.startswith(DISTRIBUTION) for each in required if each.startswith("heirloom"))


def test_no_text_sends_users_to_a_distribution_of_somebody_else() -> None:
    texts = [path for pattern in TEXTS for path in ROOT.glob(pattern)]
    assert len(texts) > 100
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts
        for name in INSTALL.findall(path.read_text("utf-8"))
        if name != DISTRIBUTION
    }
    assert wrong == set()
    assert INSTALL.findall('pip install "heirloom[demo]"') == ["heirloom"]
