"""Tries again what a store has refused for a moment."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from obstore.exceptions import (
    BaseError,
    InvalidPathError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)

from edge.archive.stores.store import FileRefused, StoreFailed
from edge.files import reason_of

T = TypeVar("T")

TRIES = 6
"""Beside those of the library, for what it does not try again: throttling, and answers that break off."""
FIRST, LONGEST = 0.5, 20.0
"""Seconds of the first wait, which doubles, and of the longest."""

OF_THE_LIBRARY: dict[str, Any] = {
    "max_retries": 8,
    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=15), "base": 2},
    "retry_timeout": timedelta(minutes=2),
}
"""Exponential backoff with jitter for what fails on the server's side or breaks off."""

_FINAL = (
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)


def tried(what: Callable[[], T], address: str) -> T:
    """Do something with a store, again after ever longer waits if it fails.

    Args:
        what: What to do. What it does may be done twice.
        address: Names the store in sentences.

    Raises:
        StoreFailed: It has failed for good, or too often.
        FileRefused: A key is none for the store.
        FileNotFoundError: As ``what``.
    """
    for attempt in range(TRIES):
        try:
            return what()
        except FileNotFoundError:
            raise
        except InvalidPathError as error:
            raise FileRefused(f"{address} can't hold such a name: {_reason(error)}") from error
        except _FINAL as error:
            raise StoreFailed(f"{address} refuses: {_reason(error)}") from error
        except BaseError as error:
            if attempt == TRIES - 1:
                raise StoreFailed(f"{address} fails again and again: {_reason(error)}") from error
        # The waits of many workers are not to end at the same moment.
        time.sleep(random.uniform(0, min(LONGEST, FIRST * 2**attempt)))
    raise AssertionError


def _reason(error: Exception) -> str:
    """The first paragraph of the library's words; what follows is for those who debug it."""
    return reason_of(type(error)(str(error).split("\n\n")[0])).rstrip(".") + "."
