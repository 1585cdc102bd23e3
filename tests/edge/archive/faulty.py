"""An S3 on this machine, and a proxy before it that fails as stores do."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

REFUSED = {
    412: "PreconditionFailed",
    409: "ConditionalRequestConflict",
    500: "InternalError",
    503: "SlowDown",
}


@dataclass
class Log:
    """What has gone through the proxy."""

    gets: list[str] = field(default_factory=list)
    """Paths that were asked for, in order."""
    puts: Counter[str] = field(default_factory=Counter)
    """How often something was written to a path."""
    unconditional: list[str] = field(default_factory=list)
    """Paths that were written to whatever was there."""
    faults: Counter[str] = field(default_factory=Counter)


@contextmanager
def faulty(endpoint: str, share: float, seed: int = 23) -> Iterator[tuple[str, Log]]:
    """A proxy before the S3 at ``endpoint`` that spoils a share of requests; its address and log."""
    log, dice, backend = Log(), random.Random(seed), urlsplit(endpoint).netloc

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(urlsplit(self.path).path)
            key_asked = path.count("/") > 1 and len(path.split("/", 2)[2]) > 0
            spoilt = key_asked and dice.random() < share
            fault = self.fault() if spoilt else ""
            log.faults[fault] += 1
            if fault.isdigit():
                self.refuse(int(fault))
                return
            if fault == "slow":
                time.sleep(dice.uniform(0.2, 1.0))
            connection = http.client.HTTPConnection(backend, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if self.command == "GET":
                log.gets.append(path)
            if self.command == "PUT" and answer.status == 200:
                log.puts[path] += 1
                if self.headers.get("If-None-Match") != "*":
                    log.unconditional.append(path)
            if fault == "lost":
                self.refuse(500)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in (
                    "connection",
                    "transfer-encoding",
                    "content-length",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            length = int(answer.getheader("Content-Length") or len(content))
            self.send_header("Content-Length", str(length if self.command == "HEAD" else len(content)))
            self.end_headers()
            if self.command == "HEAD":
                return
            if fault == "broken off":
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = handle_any  # noqa: N815

        def fault(self) -> str:
            if self.command == "PUT":
                return dice.choice(
                    ["409", "500", "503", "slow", "lost", *(["412"] * ("If-None-Match" in self.headers))]
                )
            return dice.choice(["500", "503", "slow", *(["broken off"] * (self.command == "GET"))])

        def refuse(self, status: int) -> None:
            content = f"<Error><Code>{REFUSED[status]}</Code><Message>injected</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *words: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *words: Any) -> None:
            pass  # of a client that was killed

    server = Server(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", log
    finally:
        server.shutdown()
        server.server_close()
