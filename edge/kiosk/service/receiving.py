"""Receiving a body to a file, within its limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from edge.errors import HeirloomError

SECONDS = 180.0
"""For one body."""
SILENCE = 15.0
"""Between two parts of it."""


class BodyRefused(HeirloomError):
    """A body that is too large or too slow."""


async def receive(parts: AsyncIterator[bytes], target: Path, limit: int) -> int:
    """Write a body to a new file.

    Args:
        parts: The body.
        target: The file, which must not exist.
        limit: Most bytes.

    Returns:
        The bytes received.

    Raises:
        BodyRefused: It is empty, too large, or too slow.
        OSError: It can't be written.
    """
    received = 0
    try:
        with target.open("xb") as out:
            async with asyncio.timeout(SECONDS):
                while True:
                    async with asyncio.timeout(SILENCE):
                        part = await anext(parts, None)
                    if part is None:
                        break
                    received += len(part)
                    if received > limit:
                        raise BodyRefused(
                            f"The photo is larger than {limit // 1_000_000} MB: send a smaller copy."
                        )
                    await asyncio.to_thread(out.write, part)
    except TimeoutError as error:
        raise BodyRefused(
            "The photo took too long to arrive: come nearer to the Wi-Fi and try again."
        ) from error
    if not received:
        raise BodyRefused("The photo has no content: choose another.")
    return received
