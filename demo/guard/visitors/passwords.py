"""HTTP Basic authentication with one user; the password comes from a file or the environment."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.errors import PasswordMissing
from demo.guard.rates import Rate
from demo.guard.refusals import Refused
from demo.guard.visitors.identity import address_of

VARIABLE = "HEIRLOOM_DEMO_PASSWORD"

SHORTEST = 8
"""Characters of a password."""


@dataclass(frozen=True)
class Login:
    """A user and their password."""

    user: str
    password: str


def login(auth: str) -> Login:
    """The login of ``--auth``: ``USER:PASSWORD-FILE``, or ``USER`` with the password in `VARIABLE`.

    Raises:
        PasswordMissing: There is no such file or variable, or the password is too short.
    """
    user, _, file = auth.partition(":")
    if file:
        try:
            password = Path(file).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise PasswordMissing(f"The password file {file} can't be read as text.") from error
    else:
        password = os.environ.get(VARIABLE, "")
    if not user or len(password) < SHORTEST:
        raise PasswordMissing(
            f"Give --auth USER:FILE, a file with a password of at least {SHORTEST} characters, or --auth "
            f"USER with the password in {VARIABLE}."
        )
    return Login(user, password)


class Passwords:
    """Middleware that serves only who knows the password; guesses are rationed by address."""

    def __init__(self, app: ASGIApp, login: Login) -> None:
        self._app = app
        self._expected = f"{login.user}:{login.password}".encode()
        self._guesses = Rate(rate=0.1, burst=10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        try:
            self._check(scope)
        except Refused as refused:
            await refused.as_text()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        # Before the comparison: else the right guess among too many would be let in.
        self._guesses.check(address_of(scope))
        kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        try:
            guess = base64.b64decode(given, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            guess = b""
        if secrets.compare_digest(guess, self._expected):
            return
        if guess:
            self._guesses.take(address_of(scope))
        raise Refused(
            401,
            "Give the user and the password of this page.",
            {"www-authenticate": 'Basic realm="Heirloom", charset="UTF-8"'},
        )
