"""The manifest of an archive's cluster fits the command and the packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge.archive.engines.choosing import workers_of
from edge.commands.archive.run import command
from edge.commands.options import parse_bytes

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "archive"


@pytest.fixture
def job() -> dict[str, Any]:
    found = list(yaml.safe_load_all((DEPLOY / "rayjob.yaml").read_text()))
    assert [each["kind"] for each in found] == ["RayJob", "Secret"]
    return dict(found[0]["spec"])


def test_its_command_is_one(job: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    words = job["entrypoint"].split()
    assert words[:2] == ["heirloom", "archive"]
    with pytest.raises(SystemExit):
        command(args=["--help"], prog_name="heirloom archive")
    known = capsys.readouterr().out
    assert all(word in known for word in words if word.startswith("--"))
    assert words[words.index("--address") + 1] == "auto"


def test_its_versions_are_those_of_the_extra(job: dict[str, Any]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (pin,) = (re.fullmatch(r"ray\[data\]==(.+)\.\*", each) for each in extras["archive-ray"][1:])
    assert pin and job["rayClusterSpec"]["rayVersion"].startswith(f"{pin[1]}.")
    assert f"ray[default]=={pin[1]}.*" in (DEPLOY / "Dockerfile").read_text()


def test_its_workers_fit_their_computers(job: dict[str, Any]) -> None:
    cluster, words = job["rayClusterSpec"], job["entrypoint"].split()
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (group,) = cluster["workerGroupSpecs"]
    (container,) = group["template"]["spec"]["containers"]
    cpus, memory = int(container["resources"]["limits"]["cpu"]), container["resources"]["limits"]["memory"]
    asked = parse_bytes(words[words.index("--max-memory") + 1])
    assert cpus * (asked + 400_000_000) < 0.7 * parse_bytes(f"{memory}B"), "Ray leaves workers 70 %"
    workers = workers_of(words[words.index("--workers") + 1])
    assert workers.most == cpus * group["maxReplicas"]
    assert container["envFrom"] == cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["envFrom"]
