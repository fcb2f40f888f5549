"""The last step of an import that fits into memory: rows are picked in order, not sorted with all.

DuckDB sorts whole rows, as it must where they do not fit into memory. Most columns of an export
hold few texts, so Arrow keeps them as numbers and picks those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq

    from funnelkit.events.importers.runs import Run

LARGEST: Final = 192 << 20
"""Bytes of unpacked columns that are gathered; with all copies about three times as many."""

FEWEST: Final = 20_000
"""Rows for which it is worth to load Arrow."""

_ROWS: Final = 122_880  # of a row group, as DuckDB writes them


def can_gather(runs: Sequence[Run], columns: Sequence[str]) -> bool:
    """Return whether it is worth it, fits into memory, and Arrow keeps every type."""
    if sum(run.rows for run in runs) < FEWEST:
        return False
    import pyarrow.parquet as pq

    files = [pq.read_metadata(run.path) for run in runs]
    first = files[0].schema
    if any(not file.schema.equals(first) for file in files):
        return False
    schema = first.to_arrow_schema()
    if not set(columns) <= set(schema.names) or not all(_is_plain(each) for each in schema.types):
        return False
    logical = {first.column(number).logical_type.type for number in range(len(first.names))}
    if "JSON" in logical:
        return False
    size = sum(
        file.row_group(number).total_byte_size
        for file in files
        for number in range(file.num_row_groups)
    )
    return bool(size <= LARGEST)


def gather(
    runs: Sequence[Run], arrivals: pa.ChunkedArray, columns: Sequence[str], target: Path
) -> None:
    """Write the rows of runs that arrived at these places (see `run.ordinal`), in that order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = [pq.read_metadata(run.path) for run in runs]
    first = np.zeros(max(run.number for run in runs) + 1, dtype=np.int64)
    first[[run.number for run in runs]] = np.cumsum([0, *(file.num_rows for file in files)])[:-1]
    arrived = arrivals.to_numpy()
    places = first[arrived >> 32] + (arrived & 0xFFFFFFFF)
    few = [name for name in columns if all(_has_few(file, name) for file in files)]
    tables = [
        pq.read_table(run.path, columns=list(columns), read_dictionary=few, partitioning=None)
        for run in runs
    ]
    table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    del tables
    with pq.ParquetWriter(target, table.schema, use_dictionary=few, store_schema=False) as writer:
        for start in range(0, len(places), _ROWS):
            writer.write_table(table.take(pa.array(places[start : start + _ROWS])))


def _is_plain(kind: pa.DataType) -> bool:
    import pyarrow as pa

    plain = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"))
    return any(kind.equals(each) for each in plain)


def _has_few(file: pq.FileMetaData, name: str) -> bool:
    """Return whether a column of texts is kept as numbers of few, everywhere."""
    number = file.schema.names.index(name)
    return file.schema.column(number).physical_type == "BYTE_ARRAY" and all(
        "RLE_DICTIONARY" in file.row_group(group).column(number).encodings
        or "PLAIN_DICTIONARY" in file.row_group(group).column(number).encodings
        for group in range(file.num_row_groups)
    )
