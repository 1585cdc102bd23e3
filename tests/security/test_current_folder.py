"""A folder of photos may hold modules of any name: no command runs them."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.work.messages import Setup
from demo.work.pool import Worker
from edge.bench.networks import matmul_meter, restore_once
from edge.bench.worker import Run
from edge.bundle.bundle import SHIPPED
from edge.system.processes import keep_to_safe_path, python

ROOT = Path(__file__).parents[2]
ROOMS = ("edge", "convert", "quantize", "demo", "heirloom")
MODULES = (
    "numpy",
    "PIL",
    "msgspec",
    "typer",
    "rich",
    "gradio",
    "torch",
    "json",
    "random",
    "multiprocessing",
)
MARK = "ran-{name}"
STARTS = re.compile(r"sys\.executable|os\.(?:exec|spawn|posix_spawn|system|popen)")


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, full of modules that leave a mark when they are imported."""
    monkeypatch.chdir(tmp_path)
    write_modules(tmp_path, (*MODULES, *ROOMS))
    return tmp_path


def write_modules(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        package = folder / name
        package.mkdir()
        mark = folder / MARK.format(name=name)
        (package / "__init__.py").write_text(f"open({str(mark)!r}, 'w').close()\n")


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(MARK.format(name="*")))


def test_a_module_in_the_folder_would_run_without_the_safe_path(evil: Path) -> None:
    # Else the other tests could not fail.
    subprocess.run([sys.executable, "-c", "import msgspec"], check=True)
    assert marks(evil) == ["ran-msgspec"]
    (evil / "ran-msgspec").unlink()
    subprocess.run(python("-c", "import msgspec, edge.errors; edge.errors.HeirloomError"), check=True)
    assert marks(evil) == []


def test_processes_are_started_by_one_function() -> None:
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert len(paths) > 200
    found = {str(path.relative_to(ROOT)) for path in paths if STARTS.search(path.read_text("utf-8"))}
    assert found == {"edge/system/processes.py"}


def test_the_bench_measures_with_the_true_numpy(evil: Path) -> None:
    with matmul_meter(threads=1, side=64) as meter:
        assert meter.rate() > 0
    assert marks(evil) == []


def test_a_library_s_processes_keep_to_the_safe_path_too(evil: Path) -> None:
    keep_to_safe_path()
    child = multiprocessing.get_context("spawn").Process(target=os.getpid)
    child.start()
    child.join()
    assert child.exitcode == 0
    assert marks(evil) == []


def test_python_m_heirloom_takes_only_its_own_package_from_the_folder(tmp_path: Path) -> None:
    write_modules(tmp_path, tuple({*MODULES, *ROOMS} - {"heirloom", "multiprocessing", "random", "json"}))
    command = [sys.executable, "-m", "heirloom", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr, marks(tmp_path)) == (0, "", [])


@pytest.mark.slow
def test_restorations_of_the_bench_and_the_page_run_our_code(evil: Path) -> None:
    photo = str(ROOT / "samples" / "astronaut-old.jpg")
    assert restore_once(Run(photo, threads=1, bundle=str(SHIPPED)))["done"]
    worker = Worker(Setup(runtime="litert", precision="int8", threads=1, bundle=str(SHIPPED)))
    try:
        assert worker.alive
        worker._process.communicate(timeout=60)  # it ends with its input
        assert worker._process.returncode == 0
    finally:
        worker.stop()
    assert marks(evil) == []


@pytest.mark.slow
def test_the_page_starts_in_such_a_folder(evil: Path) -> None:
    heirloom = "import sys; from edge.commands.main import main; sys.exit(main())"
    command = [*python("-c", heirloom), "demo"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as page:
        assert page.stderr
        try:
            assert "The page is at" in page.stderr.readline()
        finally:
            page.terminate()
    assert marks(evil) == []
