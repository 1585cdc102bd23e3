"""What is installed and fetched is pinned: by version, and by the digest of every file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"([A-Za-z0-9_.-]+)==([^ ]+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")
LOCKS = {"runtime": [], "demo": ["demo"], "kiosk": ["kiosk"], "dev": ["dev"]}


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def asked_for(extras: list[str]) -> Iterator[Requirement]:
    """What the project and its extras ask for, extras of extras included."""
    found = project()
    texts = found["dependencies"] + [t for extra in extras for t in found["optional-dependencies"][extra]]
    for requirement in map(Requirement, texts):
        if requirement.name == found["name"]:
            yield from asked_for(sorted(requirement.extras))
        else:
            yield requirement


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes_and_no_registry_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert PIN.sub("", text) == ""  # nothing else: no index, no address, no package without a hash
    pins = {canonicalize_name(found[1]): found[2] for found in PIN.finditer(text)}
    for requirement in asked_for(LOCKS[name]):
        pinned = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned, prereleases=True), f"{requirement}: {pinned}"
    assert "setuptools" in pins  # builds the package without asking an index


def test_the_base_install_has_upper_bounds() -> None:
    loose = [
        text
        for text in project()["dependencies"]
        if not any(each.operator in ("<", "<=", "==", "~=") for each in Requirement(text).specifier)
    ]
    assert loose == []


def test_the_workflow_s_actions_are_pinned_by_commit() -> None:
    used = [
        line.split("uses:")[1].strip()
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in path.read_text("utf-8").splitlines()
        if "uses:" in line
    ]
    assert len(used) >= 2
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", each)] == []


def test_what_the_apps_builds_fetch_has_a_digest() -> None:
    wrapper = (ROOT / "android_app/gradle/wrapper/gradle-wrapper.properties").read_text("utf-8")
    assert re.search(r"^distributionSha256Sum=[0-9a-f]{64}$", wrapper, re.MULTILINE)
    scripts = [path.read_text("utf-8") for path in (ROOT / "tests/platforms").rglob("*.sh")]
    npm = [text for text in scripts if "npm pack" in text]
    assert npm and all(re.search(r"_sha256=[0-9a-f]{64}\n", text) for text in npm)
    assert all("sha256sum --quiet --check" in text for text in npm)
    assert all("--force-check-gpg" in text for text in scripts if "debootstrap --" in text)
    assert not [text for text in scripts if re.search(r"\b(?:curl|wget)\b|allow-unauthenticated", text)]
