"""What installs and runs the kiosk: units that systemd takes, hardened, and scripts without mistakes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.kiosk.config import read_config

DEPLOY = Path(__file__).parents[2] / "deploy" / "kiosk"
UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))
SCRIPTS = ("install.sh", "update.sh", "heirloom-screen", "heirloom-stick")
HIGHEST = 2.0
"""Of `systemd-analyze security`: 0 is locked, 10 is open."""

systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def installed(tmp_path: Path, name: str, change: tuple[str, str] = ("", "")) -> Path:
    """A unit whose programs exist."""
    for program in ("venv/bin/heirloom", "bin/heirloom-screen", "bin/heirloom-stick"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", tmp_path / program)
    text = (DEPLOY / name).read_text().replace("/opt/heirloom", str(tmp_path))
    assert change[0] in text
    unit = tmp_path / name.replace("@", "@sda1")
    unit.write_text(text.replace(*change) if change[0] else text)
    return unit


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


@systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units_without_a_warning(tmp_path: Path, name: str) -> None:
    done = analyzed("verify", "--man=no", installed(tmp_path, name))
    assert (done.returncode, done.stderr) == (0, "")


@systemd
def test_a_misspelt_key_would_be_found(tmp_path: Path) -> None:
    unit = installed(tmp_path, "heirloom-kiosk.service", ("WatchdogSec=", "WatchDogSecs="))
    assert "WatchDogSecs" in analyzed("verify", "--man=no", unit).stderr


def exposure(unit: Path) -> float:
    done = analyzed("security", "--offline=true", unit)
    match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert match, done.stderr
    return float(match[1])


@systemd
def test_the_service_is_hardened(tmp_path: Path) -> None:
    assert exposure(installed(tmp_path, "heirloom-kiosk.service")) <= HIGHEST
    assert exposure(installed(tmp_path, "heirloom-kiosk.service", ("ProtectSystem=strict", ""))) > 1.8


def test_the_service_is_watched_and_limited() -> None:
    text = (DEPLOY / "heirloom-kiosk.service").read_text()
    for line in ("Type=notify", "Restart=always", "RuntimeDirectory=heirloom", "StateDirectory=heirloom"):
        assert f"\n{line}\n" in text
    assert re.search(r"^WatchdogSec=\d+$", text, re.MULTILINE)
    assert re.search(r"^MemoryMax=\d+M$", text, re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_have_no_mistakes(name: str) -> None:
    script = DEPLOY / name
    bash = script.suffix == ".sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash" if bash else "sh", "-n", script], check=True)
    assert ("set -euo pipefail" if bash else "set -eu") in script.read_text()
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", script], check=True)


@pytest.mark.parametrize("arguments", (["--nonsense"], ["--wheel", "/nothing.whl"]))
def test_installing_with_wrong_options_changes_nothing(arguments: list[str]) -> None:
    done = subprocess.run([DEPLOY / "install.sh", *arguments], capture_output=True, text=True)
    assert done.returncode and done.stderr


@pytest.mark.parametrize(
    "arguments", ([], ["mount"], ["mount", "../sda1"], ["mount", "sda1 -o dev"], ["x", "a"])
)
def test_sticks_are_named_as_the_kernel_names_disks(arguments: list[str]) -> None:
    done = subprocess.run([DEPLOY / "heirloom-stick", *arguments], capture_output=True, text=True)
    assert done.returncode and done.stderr


def test_the_example_is_a_configuration() -> None:
    config = read_config(DEPLOY / "kiosk.toml")
    assert config.printer.paper == "Postcard" and config.network.port == 8480
    screen = (DEPLOY / "heirloom-kiosk-screen.service").read_text()
    assert f"http://localhost:{config.network.port}/" in screen
