"""The last step of an import that fits into memory: rows are picked in order, not sorted with all.

DuckDB sorts whole rows, as it must where they do not fit into memory. Most columns of an export
hold few texts, so Arrow keeps them as numbers and picks those.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.held import is_worthwhile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    import pyarrow.parquet as pq

    from funnelkit.events.importers.held import Held
    from funnelkit.events.importers.runs import Run

_ROWS: Final = 122_880  # of a row group, as DuckDB writes them


def can_gather(runs: Sequence[Run], held: Held, columns: Sequence[str]) -> bool:
    """Return whether it is worth it, fits into memory, and Arrow keeps every type."""
    if not is_worthwhile(sum(run.rows for run in runs)):
        return False
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = held.size
    schemas: list[dict[str, pa.DataType]] = []
    for run in runs:
        table = held.get(run)
        if table is None:
            file = pq.read_metadata(run.path)
            logical = {file.schema.column(n).logical_type.type for n in range(file.num_columns)}
            if "JSON" in logical:
                return False
            schema = file.schema.to_arrow_schema()
            size += sum(file.row_group(n).total_byte_size for n in range(file.num_row_groups))
        else:
            schema = table.schema
        kinds = {field.name: field.type for field in schema}
        schemas.append(
            {
                name: kind.value_type if pa.types.is_dictionary(kind) else kind
                for name, kind in kinds.items()
            }
        )
    first = schemas[0]
    return (
        held.fits(size)
        and set(columns) <= first.keys()
        and all(_is_plain(kind) for kind in first.values())
        and all(schema == first for schema in schemas)
    )


def gather(
    runs: Sequence[Run],
    held: Held,
    arrivals: pa.ChunkedArray,
    columns: Sequence[str],
    target: Path,
) -> None:
    """Write the rows of runs that arrived at these places (see `runs.ordinal`), in that order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [_columns(run, held, columns) for run in runs]
    first = np.zeros(max(run.number for run in runs) + 1, dtype=np.int64)
    rows = [len(table[columns[0]]) for table in tables]
    first[[run.number for run in runs]] = np.cumsum([0, *rows])[:-1]
    arrived = _numbers(arrivals)
    places = first[arrived >> 32] + (arrived & 0xFFFFFFFF)
    table = pa.table({name: _joined([each.pop(name) for each in tables]) for name in columns})
    few = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    with (
        pq.ParquetWriter(target, table.schema, use_dictionary=few, store_schema=False) as writer,
        ThreadPoolExecutor(1) as beside,
    ):
        written: Future[None] | None = None
        for start in range(0, len(places), _ROWS):
            some = places[start : start + _ROWS]
            # Not `pa.array`, which loads pandas where there is one.
            picked = table.take(
                pa.Array.from_buffers(pa.int64(), len(some), [None, pa.py_buffer(some)])
            )
            if written is not None:
                written.result()
            written = beside.submit(writer.write_table, picked)
        if written is not None:
            written.result()


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return whole numbers without NULL; not by `to_numpy`, which loads pandas, too."""
    import numpy as np

    whole = column.combine_chunks()
    if not len(whole):
        return np.zeros(0, dtype=np.int64)
    return np.frombuffer(whole.buffers()[1], np.int64, len(whole), 8 * whole.offset)


def _columns(run: Run, held: Held, columns: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a run; texts of few values as numbers."""
    import pyarrow.parquet as pq

    table = held.get(run)
    if table is None:
        file = pq.read_metadata(run.path)
        few = [name for name in columns if _has_few(file, name)]
        # Not `read_table`, which loads pandas where there is one.
        with pq.ParquetFile(run.path, read_dictionary=few) as opened:
            table = opened.read(list(columns))
    return {name: table[name] for name in columns}


def _joined(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return the columns of several runs as one; as numbers if all of them are."""
    import pyarrow as pa

    numbers = [pa.types.is_dictionary(column.type) for column in columns]
    if any(numbers) and not all(numbers):
        columns = [column.cast(pa.string()) for column in columns]
    chunks = [chunk for column in columns for chunk in column.chunks]
    return pa.chunked_array(chunks, columns[0].type).unify_dictionaries()


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
