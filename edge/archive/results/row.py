"""A row: what became of one photo. A part holds those of a shard, in Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

State = Literal["restored", "failed", "deferred", "conflict", "changed"]
"""``deferred``: it needs a worker with more memory, which a later plan gives it. ``conflict``: another file
lies in the place of its result. ``changed``: it is not in the source as it was planned."""
STATES: tuple[State, ...] = get_args(State)

BEGAN, ENDED = "began", "ended"
"""In a part's metadata: when its first photo was begun and when it was committed, in seconds since 1970."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one photo in one plan."""

    key: str
    etag: str
    sha256_in: str | None = None
    """None if the photo was not read."""
    sha256_out: str | None = None
    """None if nothing was restored."""
    output: str | None = None
    """The key of the result, in the target."""
    bytes_in: int = 0
    bytes_out: int = 0
    megapixels: float | None = None
    """Of the result."""
    state: State
    error: str | None = None
    """Name of the error's class."""
    sentence: str | None = None
    """What to tell the user about it."""
    done: list[str] = []
    """The steps that were applied, in words."""
    filled: float | None = None
    """Share that was filled as damaged, 0..1."""
    faces: int | None = None
    """How many were refined."""
    tone: bool | None = None
    """Whether tone and colour were set."""
    seconds: float = 0.0
    """From the first byte read to the last one written."""
    peak_memory: int | None = None
    """Of the process, in bytes."""
    node: str = ""
    """The computer."""
    attempt: int = 1
    """How many times it was tried in this shard."""


SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("etag", pa.string(), nullable=False),
        ("sha256_in", pa.string()),
        ("sha256_out", pa.string()),
        ("output", pa.string()),
        ("bytes_in", pa.int64()),
        ("bytes_out", pa.int64()),
        ("megapixels", pa.float64()),
        pa.field("state", pa.string(), nullable=False),
        ("error", pa.string()),
        ("sentence", pa.string()),
        ("done", pa.list_(pa.string())),
        ("filled", pa.float64()),
        ("faces", pa.int32()),
        ("tone", pa.bool_()),
        ("seconds", pa.float64()),
        ("peak_memory", pa.int64()),
        ("node", pa.string()),
        ("attempt", pa.int32()),
    ]
)


def encoded(rows: Sequence[Row], about: dict[str, str]) -> bytes:
    """A part with these rows; ``about`` is its metadata."""
    table = pa.Table.from_pylist([msgspec.structs.asdict(row) for row in rows], schema=SCHEMA)
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(about), out, compression="zstd")
    return out.getvalue()


def decoded(part: bytes, columns: Iterable[str] | None = None) -> Any:
    """The table of a part, or some of its columns. Raises `pyarrow.ArrowException` for anything else."""
    chosen = None if columns is None else list(columns)
    # `read_table` would import pandas, where that is installed.
    return pq.ParquetFile(pa.BufferReader(part)).read(chosen, use_threads=False)


def rows_of(table: Any) -> list[Row]:
    """The rows of a whole table."""
    return [msgspec.convert(row, Row) for row in table.to_pylist()]
