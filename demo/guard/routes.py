"""The routes that are served: the first view's, and those which Gradio's page and clients use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.guard.answers import Answers
from demo.guard.bodies.calls import Bodies, Body, Call, Cancel, Join, Reset
from demo.guard.bodies.lingering import Lingering
from demo.guard.bodies.receiving import Pace
from demo.guard.bodies.uploads import Files, Uploads
from demo.guard.headers import COMPARE, SecurityHeaders
from demo.guard.origins import Origins
from demo.guard.rates import Rate, Rates, UnderWay
from demo.guard.refusals import NOTHING, Refused
from demo.guard.visitors.identity import Visitors, address_of, visitor_of
from demo.guard.visitors.passwords import Login, Passwords
from demo.guard.visitors.sessions import Sessions
from demo.guard.visitors.shelf import Shelf

ASSETS = ("/assets/{path:path}", "/static/{path:path}", "/theme.css", "/favicon.ico", "/robots.txt")
"""Files of Gradio's own, the same for everyone."""

VIEW = (
    ("GET", "/"),
    ("GET", "/view/{path:path}"),
    ("GET", "/api/photos"),
    ("POST", "/api/restore"),
    ("POST", "/api/stop"),
    ("POST", "/api/forget"),
    ("GET", "/api/restored.zip"),
    ("GET", "/photos/{photo}/{path:path}"),
)
"""Of the first view's own, but for its uploads."""

NETWORKS = "/networks/{name}"

PAGES = ("/config", "/gradio_api/info")

API = "/gradio_api"

_FORWARDED = (b"x-forwarded-", b"forwarded")


@dataclass(frozen=True)
class Limits:
    """What a visitor may do."""

    max_file: int = 50_000_000
    """Bytes of an upload."""
    pace: Pace = field(default_factory=Pace)
    requests: Rate = field(default_factory=lambda: Rate(100, 600))
    """Of any kind, of an address. The page itself is some hundred files."""
    calls: Rate = field(default_factory=lambda: Rate(20, 100))
    uploads: Rate = field(default_factory=lambda: Rate(10, 100))
    uploading: UnderWay = field(default_factory=lambda: UnderWay(8, 32))


@dataclass(frozen=True)
class Access:
    """Who may ask, and by which name."""

    host: str = "127.0.0.1"
    names: Sequence[str] = ()
    """Further names of the page."""
    login: Login | None = None


def guarded(
    gradio: ASGIApp,
    view: ASGIApp,
    networks: ASGIApp,
    shelf: Shelf,
    sessions: Sessions,
    functions: Collection[int],
    limits: Limits,
    access: Access,
) -> ASGIApp:
    """Put everything that refuses in front of the page.

    Args:
        gradio: Its comparison.
        view: Its first view.
        networks: The bundle's files.
        shelf: Its uploads and results.
        sessions: Its sessions.
        functions: The functions that may be called, by Gradio's number.
        limits: What a visitor may do.
        access: Who may ask.
    """
    answers = Answers(gradio, shelf)

    def post(path: str, kind: type[Body]) -> Only:
        bodies = Bodies(answers, kind, shelf, sessions, functions, limits.calls, limits.pace)
        return Only(API + path, bodies, methods=["POST"])

    bounds = limits.max_file, limits.pace, limits.uploads, limits.uploading
    stream = Streams(answers, sessions)
    routes = [
        *(Only(path, gradio, methods=["GET"]) for path in ASSETS),
        *(Only(path, Pages(answers), methods=["GET"]) for path in PAGES),
        *(Only(path, view, methods=[method]) for method, path in VIEW),
        Only("/api/photos", Uploads(shelf, *bounds, apart=True), methods=["POST"]),
        Only(NETWORKS, networks, methods=["GET"]),
        Only(COMPARE, Pages(answers, "/"), methods=["GET"]),
        Only(f"{API}/upload", Uploads(shelf, *bounds), methods=["POST"]),
        Only(f"{API}/file={{path:path}}", Files(shelf), methods=["GET"]),
        post("/queue/join", Join),
        post("/call/restore", Call),
        post("/cancel", Cancel),
        post("/reset", Reset),
        Only(f"{API}/queue/data", stream, methods=["GET"]),
        Only(f"{API}/heartbeat/{{session_hash}}", stream, methods=["GET"]),
        Only(f"{API}/call/restore/{{event_id}}", answers, methods=["GET"]),
    ]
    app: ASGIApp = Router(routes, redirect_slashes=False, default=nothing)
    app = Visitors(app)
    if access.login is not None:
        app = Passwords(app, access.login)
    app = Origins(app, access.host, access.names)
    app = Rates(app, limits.requests)
    return Served(Lingering(SecurityHeaders(app)), gradio)


class Only(Route):
    """A route that refuses other methods in a sentence."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["method"] in (self.methods or ()):
            await self.app(scope, receive, send)
            return
        allowed = {"allow": ", ".join(sorted(self.methods or ()))}
        refused = Refused(405, "This address is asked in another way: load the page again.", allowed)
        await refused.as_json()(scope, receive, send)


@dataclass(frozen=True)
class Served:
    """HTTP goes to the guard, the start and end of the server to Gradio, and nothing else anywhere."""

    guard: ASGIApp
    gradio: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "lifespan":
            await self.gradio(scope, receive, send)
        elif scope["type"] == "http":
            # Headers by which a proxy tells what it was asked: the server has read those of a trusted one.
            told = [
                pair for pair in scope["headers"] if not pair[0].startswith((b"x-forwarded-", b"forwarded"))
            ]
            if scope["scheme"] == "https":
                told.append((b"x-forwarded-proto", b"https"))
            await self.guard({**scope, "headers": told}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})


@dataclass(frozen=True)
class Pages:
    """Gradio's page and its description; links to a stored state are not followed."""

    app: ASGIApp
    known_as: str = ""
    """The path by which Gradio knows the page; empty: the one that is asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if b"deep_link" in scope["query_string"]:
            await Refused(404, "The page has no stored states.").as_json()(scope, receive, send)
            return
        path = self.known_as or scope["path"]
        await self.app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


@dataclass(frozen=True)
class Streams:
    """The streams of a session's events, for the session's visitor."""

    app: ASGIApp
    sessions: Sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        name = scope["path_params"].get("session_hash") or query.get("session_hash", [""])[-1]
        try:
            if not (0 < len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum()):
                raise Refused(400, "Name the session.")
            self.sessions.use(name, visitor_of(scope), address_of(scope))
        except Refused as refused:
            await refused.as_json()(scope, receive, send)
            return
        with self._open(name):
            await self.app(scope, receive, send)

    @contextmanager
    def _open(self, name: str) -> Iterator[None]:
        self.sessions.opened(name)
        try:
            yield
        finally:
            self.sessions.closed(name)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for all that is not served."""
    await Refused(404, NOTHING).as_json()(scope, receive, send)
