"""A CUPS of its own, with a printer that keeps the bytes that reach it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.edge.kiosk.devices.programs import shell

NEEDED = ("/usr/sbin/cupsd", "/usr/sbin/lpadmin", "/usr/bin/lp", "/usr/bin/ipptool")
MISSING = [program for program in NEEDED if shutil.which(program) is None]

BACKEND = """\
[ $# -eq 0 ] && { echo 'direct keep "Unknown" "Keep"'; exit 0; }
folder="${DEVICE_URI#keep:}"
if [ -e "$folder/messages" ]; then
  messages=$(cat "$folder/messages")
  echo "$messages" >&2
  [ -e "$folder/status" ] && exit "$(cat "$folder/status")"
  while [ -e "$folder/messages" ]; do sleep 0.05; done
  echo "$messages" | sed 's/STATE: +/STATE: -/' >&2
fi
cat "${6:--}" > "$folder/$1.bytes"
printf '%s %s' "$4" "$5" > "$folder/$1.options\""""

FILES = """\
ServerRoot {0}/root
ServerBin {0}/bin
DataDir /usr/share/cups
StateDir {0}/state
CacheDir {0}/cache
RequestRoot {0}/spool
TempDir {0}/spool/tmp
ErrorLog {0}/log/error
AccessLog {0}/log/access
PageLog {0}/log/page
User lp
Group lp
SystemGroup root
"""
SETTINGS = """\
Listen 127.0.0.1:{0}
Browsing No
DefaultAuthType None
WebInterface No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""


@dataclass(frozen=True)
class Cups:
    """A running CUPS, whose printer ``photo`` keeps what it prints in ``out``."""

    server: str
    out: Path

    def admin(self, *arguments: str) -> None:
        subprocess.run(["lpadmin", "-h", self.server, "-p", "photo", *arguments], check=True)

    def fail(self, messages: str, status: int | None = None) -> None:
        """The printer writes messages, and then ends with ``status`` or hangs until `recover`."""
        if status is not None:
            (self.out / "status").write_text(str(status))
        (self.out / "messages").write_text(f"{messages}\n")

    def recover(self) -> None:
        for name in ("messages", "status"):
            (self.out / name).unlink(missing_ok=True)


@contextmanager
def running_cups(folder: Path) -> Iterator[Cups]:
    if MISSING or os.geteuid():
        pytest.skip(f"{MISSING[0]} is not installed: cups, cups-client" if MISSING else "CUPS needs root")
    for name in ("root/ppd", "bin/backend", "spool/tmp", "state", "cache", "out", "log"):
        (folder / name).mkdir(parents=True)
    for name in ("daemon", "filter", "notifier", "cgi-bin"):
        (folder / "bin" / name).symlink_to(f"/usr/lib/cups/{name}")
    shell(folder / "bin/backend/keep", BACKEND)
    for name in ("root", "spool", "spool/tmp", "state", "cache", "out", "log"):
        shutil.chown(folder / name, "lp", "lp")
    for above in (folder, *folder.parents):
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "files.conf").write_text(FILES.format(folder))
    (folder / "cupsd.conf").write_text(SETTINGS.format(port))
    arguments = ["cupsd", "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "files.conf")]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            cups = Cups(f"127.0.0.1:{port}", folder / "out")
            _wait_for(port)
            cups.admin("-E", "-v", f"keep:{cups.out}")
            yield cups
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("CUPS does not start")
