"""The kiosk as a process of its own, in a folder, without devices."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from edge.kiosk.service.routes.owner import hash_pin
from tests.edge.kiosk.test_watch_command import ROOT

KIOSK = [sys.executable, "-P", "-c", "from edge.commands.kiosk import command; command()"]
PIN = "2718"


class Service:
    """The kiosk in a folder, which is started again whenever it has ended, as systemd does."""

    def __init__(self, place: Path, threads: int = 1) -> None:
        self.place = place
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        devices = "".join(
            f"[{name}]\nenabled = false\n" for name in ("scanner", "printer", "camera", "sticks")
        )
        (place / "kiosk.toml").write_text(
            f'state = "state"\n{devices}'
            f"[restoring]\nthreads = {threads}\n"
            '[[folders]]\nwatch = "in"\nresults = "out"\nsettle = 0.3\n'
            "[screen]\nidle = 3600\n"
            f'[network]\nhost = "127.0.0.1"\nport = {self.port}\naddress = "127.0.0.1:{self.port}"\n'
            "max_uploads = 1000\nuploads_a_minute = 1000\n"
            f'[privacy]\nsessions = "sessions"\n[owner]\npin = "{hash_pin(PIN)}"\n'
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=120)

    def up(self) -> subprocess.Popen[bytes]:
        """Start it unless it runs."""
        if self.process is None or self.process.poll() is not None:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            with (self.place / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    [*KIOSK, "kiosk.toml"], cwd=self.place, env=environment, stdout=log, stderr=log
                )
            self.starts += 1
        return self.process

    def workers(self) -> dict[int, str]:
        """The processes that restore and draw, by process id."""
        found = {}
        process = self.up()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                for pid in map(int, (task / "children").read_text().split()):
                    words = Path(f"/proc/{pid}/cmdline").read_text()
                    found[pid] = "pictures" if "drawing" in words else "queue"
        return found

    def call(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask until there is an answer: the screen's page does the same."""
        deadline = monotonic() + 120
        while True:
            with contextlib.suppress(httpx.TransportError):
                return self.client.request(method, path, **body)
            assert monotonic() < deadline, "the service did not come up again"
            sleep(0.1)

    def photos(self) -> list[dict[str, Any]]:
        """The photos of the session, as the screen shows them."""
        session = self.call("GET", "/api/state").json()["session"]
        assert session is not None, "the visit was lost"
        shown: list[dict[str, Any]] = session["photos"]
        return shown

    def link(self) -> str:
        """The path of the session's link."""
        url: str = self.call("GET", "/api/state").json()["session"]["phone_url"]
        return httpx.URL(url).path.rstrip("/")

    def end(self) -> None:
        """End it as systemd does; it must end well."""
        process = self.up()
        process.terminate()
        assert process.wait(60) == 0
        self.client.close()
