"""A prefix in a bucket of S3, Google Cloud Storage or Azure as a store, through obstore."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from obstore.store import from_url

from edge.archive.stores.retries import OF_THE_LIBRARY, T, tried
from edge.archive.stores.store import CHUNK, Fetched, FileRefused, Listed, NotThere, StoreFailed, ignore

PAGE = 1000
"""Files in one answer of a listing, as S3 gives them."""

_CLIENT: dict[str, Any] = {
    "timeout": "30 minutes",
    "connect_timeout": "10 seconds",
    "read_timeout": "60 seconds",
}
"""A transfer may take long, but not stand still."""
_PLAIN = ("AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
"""Set to ``true`` for stores of one's own without encryption; they are not looked at by the library where
other settings of the connection are given."""


class Bucket:
    """See `edge.archive.stores.store.Store`. Credentials and endpoints come from the environment."""

    def __init__(self, address: str) -> None:
        self.address = address
        # The library's stubs have one signature for each kind of store, and none for all of them.
        opened: Any = from_url
        client = _CLIENT | {
            "allow_http": any(os.environ.get(name, "").lower() == "true" for name in _PLAIN)
        }
        self._store: Any = tried(
            lambda: opened(address, client_options=client, retry_config=OF_THE_LIBRARY), address
        )

    def list(self, below: str = "", said: Callable[[str], None] = ignore) -> Iterator[Listed]:
        """See `Store.list`; in the order of keys."""
        after: str | None = None
        pages: Any = None
        while True:

            def page(after: str | None = after) -> list[dict[str, Any]] | None:
                """The next page; after a failure the listing begins anew where the last page ended."""
                nonlocal pages
                if pages is None:
                    pages = iter(self._store.list(below or None, offset=after, chunk_size=PAGE))
                try:
                    return cast("list[dict[str, Any]] | None", next(pages, None))
                except Exception:
                    pages = None
                    raise

            try:
                found = tried(page, self.address)
            except FileRefused as error:
                raise StoreFailed(str(error)) from error
            if not found:
                return
            after = found[-1]["path"]
            for one in found:
                if not any(part.startswith(".") for part in one["path"].split("/")):
                    yield Listed(one["path"], one["size"], _etag(one))

    def fetch(self, key: str, to: Path) -> Fetched:
        """See `Store.fetch`."""

        def fetched() -> Fetched:
            digest, size = hashlib.sha256(), 0
            answer = self._store.get(key)
            with to.open("wb") as out:
                for chunk in answer.stream(min_chunk_size=CHUNK):
                    digest.update(chunk)
                    size += out.write(chunk)
            modified = answer.meta["last_modified"].timestamp()
            os.utime(to, (modified, modified))
            return Fetched(size, _etag(answer.meta), digest.hexdigest())

        try:
            return self._there(fetched, key)
        except StoreFailed as error:
            if isinstance(error.__cause__, PermissionDeniedError):
                # Where others can be listed, it is this one: archived by the store, or of somebody else.
                next(self.list(), None)
                raise FileRefused(f"{key}: {error}") from error
            raise

    def read(self, key: str) -> bytes:
        """See `Store.read`."""
        return self._there(lambda: bytes(self._store.get(key).bytes()), key)

    def sha256(self, key: str) -> str | None:
        """See `Store.sha256`."""

        def digest() -> str:
            found = hashlib.sha256()
            for chunk in self._store.get(key).stream(min_chunk_size=CHUNK):
                found.update(chunk)
            return found.hexdigest()

        try:
            return self._there(digest, key)
        except NotThere:
            return None

    def exists(self, key: str) -> bool:
        """See `Store.exists`."""
        try:
            self._there(lambda: self._store.head(key), key)
        except NotThere:
            return False
        return True

    def create(self, key: str, content: Path | bytes) -> bool:
        """See `Store.create`. The content is in memory as a whole meanwhile."""

        def created() -> bool:
            try:
                self._store.put(key, content, mode="create")
            except (AlreadyExistsError, PreconditionError):
                # Of two writers at once both may be told to try again, with nothing written yet.
                if not self.exists(key):
                    raise
                return False
            return True

        return tried(created, self.address)

    def replace(self, key: str, content: bytes, mode: int = 0o666) -> None:
        """See `Store.replace`."""
        tried(lambda: self._store.put(key, content), self.address)

    def _there(self, what: Callable[[], T], key: str) -> T:
        try:
            return tried(what, self.address)
        except FileNotFoundError as error:
            raise NotThere(f"{self.address.rstrip('/')}/{key} is not there.") from error


def _etag(found: dict[str, Any]) -> str:
    """The store's etag; where it has none, the time and the size."""
    return found["e_tag"] or f"{found['last_modified'].timestamp()}-{found['size']}"
