from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
from gradio_client import Client, handle_file

from tests.demo.running import MAIN, children, page

PHOTO = Path("samples/astronaut-old.jpg").resolve()


def test_a_missing_gradio_is_named() -> None:
    code = f"import sys; sys.modules['gradio'] = None\n{MAIN}"
    done = subprocess.run([sys.executable, "-c", code, "demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: `heirloom demo` needs packages that are not installed")
    assert 'pip install ".[demo]"' in done.stderr


def test_it_needs_nothing_but_its_extra() -> None:
    """Neither PyTorch nor what converts and trains; nor does the server run networks itself."""
    blocked = ("torch", "onnxruntime", "coremltools", "litert_torch", "skimage", "sklearn", "matplotlib")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "from demo.server import Settings, opened\n"
        "with opened(Settings()) as server: print(len(server.service.variants))\n"
        "assert 'ai_edge_litert' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "2", done.stderr  # those of LiteRT


def test_it_serves_until_it_is_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C ends it too, in test_load.py."""
    with page(tmp_path / "tmp", "--threads", "1") as running:
        assert "Heirloom" in httpx.get(running.url).text
        client = Client(running.url, verbose=False, download_files=tmp_path / "downloads")
        client.predict(handle_file(str(PHOTO)), api_name="/restore")
        # That which restores, and that which waits to make previews.
        workers = children(running.pid)
        assert len(workers) == 2
        assert running.files()
        assert running.stop(signal.SIGTERM) == 0
        # Gradio leaves an empty folder of its own.
        assert running.files() == []
        assert not list(running.folder.glob("heirloom*"))
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
