"""A stand-in for the Hugging Face hub: the parts of its API that pushing and pulling use, on this machine.

Repositories of models with one branch, ``main``; small files in commits, large ones by LFS. It knows no Xet
storage, which the client has to be told (``HF_HUB_DISABLE_XET``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_tests"
LARGE = 4096
"""Bytes from which on a file goes by LFS."""


@dataclass
class Hub:
    """What the hub holds: for each repository the files of each commit, and what it was asked."""

    endpoint: str = ""
    commits: dict[str, list[dict[str, bytes]]] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def sha(self, repo: str, index: int) -> str:
        """The name of a commit."""
        return hashlib.sha1(f"{repo} {index % len(self.commits[repo])}".encode()).hexdigest()

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes] | None:
        """The files of a revision; None: there is none."""
        commits = self.commits[repo]
        if revision == "main":
            return commits[-1]
        known = {self.sha(repo, index): files for index, files in enumerate(commits)}
        return known.get(revision)


@contextmanager
def running() -> Iterator[Hub]:
    """A hub that listens until the end of the block."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        for pattern, method in ROUTES.items():
            if matched := re.fullmatch(pattern, f"{self.command} {path}"):
                getattr(self, method)(body, **matched.groupdict())
                return
        self._refuse(404, "", f"The stand-in knows no {self.command} {path}")

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(raw))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._send(status, {"error": message}, {"X-Error-Code": code, "X-Error-Message": message})

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _writes(self) -> bool:
        if not self._known():
            self._refuse(401, "", "Invalid credentials in Authorization header")
        return self._known()

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        repo = f"{asked.get('organization') or 'somebody'}/{asked['name']}"
        if not self._writes():
            return
        if repo.startswith("others/"):
            self._refuse(403, "", "You don't have the rights to create a model under this namespace")
        elif repo in self.hub.commits:
            message = "You already created this model repo"
            self._send(409, {"error": message, "url": f"{self.hub.endpoint}/{repo}"})
        else:
            self.hub.commits[repo] = [{".gitattributes": b""}]
            if asked.get("visibility") == "private":
                self.hub.private.add(repo)
            self._send(200, {"url": f"{self.hub.endpoint}/{repo}"})

    def validate(self, body: bytes) -> None:
        header = json.loads(body)["content"].split("---")[1]
        if "pipeline_tag: image-to-image\n" in header:
            self._send(200, {"errors": [], "warnings": []})
        else:
            message = '"pipeline_tag" is not allowed'
            self._send(400, {"errors": [{"message": message}], "warnings": [], "error": message})

    def info(self, body: bytes, repo: str, revision: str | None = None) -> None:
        if not self._readable(repo, revision or "main"):
            return
        files = self.hub.files(repo, revision or "main") or {}
        shas = {id(each): self.hub.sha(repo, index) for index, each in enumerate(self.hub.commits[repo])}
        siblings = []
        for name, content in files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": "0" * 40}
            if len(content) >= LARGE:
                digest = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
            siblings.append(entry)
        self._send(200, {"id": repo, "sha": shas[id(files)], "siblings": siblings})

    def _readable(self, repo: str, revision: str) -> bool:
        if repo not in self.hub.commits or (repo in self.hub.private and not self._known()):
            self._refuse(404 if self._known() else 401, "RepoNotFound", "Repository not found")
            return False
        if self.hub.files(repo, revision) is None:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return False
        return True

    def preupload(self, body: bytes, repo: str) -> None:
        if self._writes():
            modes = [
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if each["size"] >= LARGE else "regular",
                    "shouldIgnore": False,
                }
                for each in json.loads(body)["files"]
            ]
            self._send(200, {"files": modes})

    def batch(self, body: bytes, repo: str) -> None:
        if not self._writes():
            return
        objects = []
        for each in json.loads(body)["objects"]:
            action = {"upload": {"href": f"{self.hub.endpoint}/large/{each['oid']}"}}
            objects.append({**each, **({} if each["oid"] in self.hub.large else {"actions": action})})
        self._send(200, {"transfer": "basic", "objects": objects})

    def upload(self, body: bytes, digest: str) -> None:
        assert hashlib.sha256(body).hexdigest() == digest
        self.hub.large[digest] = body
        self._send(200, b"")

    def commit(self, body: bytes, repo: str) -> None:
        if not self._writes():
            return
        files = dict(self.hub.commits[repo][-1])
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                self.hub.messages.append(value["summary"])
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            else:
                assert entry["key"] == "deletedFile"
                del files[value["path"]]
        self.hub.commits[repo].append(files)
        sha = self.hub.sha(repo, -1)
        self._send(200, {"commitUrl": f"{self.hub.endpoint}/{repo}/commit/{sha}", "commitOid": sha})

    def resolve(self, body: bytes, repo: str, revision: str, name: str) -> None:
        if not self._readable(repo, revision):
            return
        content = (self.hub.files(repo, revision) or {}).get(name)
        if content is None:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        digest = hashlib.sha256(content).hexdigest()
        self._send(200, content, {"ETag": f'"{digest}"', "X-Repo-Commit": revision})


REPO = r"(?P<repo>[\w.-]+/[\w.-]+)"
ROUTES = {
    r"POST /api/repos/create": "create",
    r"POST /api/validate-yaml": "validate",
    rf"GET /api/models/{REPO}": "info",
    rf"GET /api/models/{REPO}/revision/(?P<revision>.+)": "info",
    rf"POST /api/models/{REPO}/preupload/main": "preupload",
    rf"POST /{REPO}\.git/info/lfs/objects/batch": "batch",
    r"PUT /large/(?P<digest>\w+)": "upload",
    rf"POST /api/models/{REPO}/commit/main": "commit",
    rf"(?:GET|HEAD) /{REPO}/resolve/(?P<revision>[^/]+)/(?P<name>.+)": "resolve",
}
