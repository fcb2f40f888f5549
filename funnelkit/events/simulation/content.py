"""A fingerprint of rows: of what is in them, not of the file, machine or library they came from."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pyarrow as pa

from funnelkit.events.simulation.payload import without_nulls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def content_hash(events: Iterable[pa.Table], truth: Iterable[pa.Table]) -> str:
    """Return the SHA-256 of events and truth as canonical text, however they are cut."""
    both = hashlib.sha256()
    for tables in (events, truth):
        digest = hashlib.sha256()
        for table in tables:
            for line in canonical_lines(table):
                digest.update(line)
        both.update(digest.digest())
    return both.hexdigest()


def canonical_lines(table: pa.Table) -> Iterator[bytes]:
    """Yield each row as JSON with sorted keys and without nulls; times are microseconds."""
    plain = table
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            plain = plain.set_column(place, field.name, table.column(place).cast(pa.int64()))
    for batch in plain.to_batches(max_chunksize=1 << 16):
        for row in batch.to_pylist():
            kept = {
                name: without_nulls(value) if isinstance(value, dict) else value
                for name, value in row.items()
                if value is not None
            }
            yield json.dumps(kept, sort_keys=True, separators=(",", ":")).encode() + b"\n"
