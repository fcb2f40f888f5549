"""Runs that are kept in memory, as long as all of them together are small.

To write a run and to read it again takes a quarter as long as to make it. Texts of few values, as
most columns of an export hold them, are kept as numbers. What does not fit goes to disk, all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from funnelkit.events.importers.runs import Run

LARGEST: Final = 256 << 20
"""Bytes of columns that are kept. DuckDB takes up to 1.2 GB beside them where it has to sort."""

FEWEST: Final = 20_000
"""Rows for which it is worth to load Arrow."""

_SAMPLE: Final = 4096
"""Rows by which it is told whether a column has few values: a quarter as many at most."""


class Held:
    """The runs in memory. One thread at a time adds to them; others may ask."""

    def __init__(self) -> None:
        self._runs: dict[int, tuple[Run, pa.Table]] = {}
        self._full = False
        self.size = 0
        """Bytes of the columns."""

    def wants(self, rows: int) -> bool:
        """Tell whether a run of so many rows is to be kept in memory."""
        return not self._full and (is_worthwhile(rows) or bool(self._runs))

    @staticmethod
    def fits(size: int) -> bool:
        """Tell whether so many bytes of columns may be in memory at once."""
        return size <= LARGEST

    def add(self, run: Run, table: pa.Table) -> None:
        """Keep a run; write all of them, and those that come later, when they are too large."""
        self._runs[run.number] = run, table
        self.size += table.nbytes
        if self._full or not self.fits(self.size):
            self.write()

    def write(self) -> None:
        """Write all runs to their files, and keep none from here on."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._full = True
        while self._runs:
            _, (run, table) = self._runs.popitem()
            pq.write_table(table, run.path, store_schema=False)
            del table
        self.size = 0
        pa.default_memory_pool().release_unused()

    def get(self, run: Run) -> pa.Table | None:
        """Return the rows of a run; None if they are in its file."""
        found = self._runs.get(run.number)
        return None if found is None else found[1]

    def problems(self, run: Run) -> list[tuple[int, str]] | None:
        """Return the rows of a run that are no events, and why; None if they are in its file."""
        import pyarrow.compute as pc

        table = self.get(run)
        if table is None:
            return None
        problem, skip = table["fk_problem"], table["fk_skip"]
        if problem.null_count == len(problem):
            return []
        rows = pc.indices_nonzero(pc.and_(problem.is_valid(), skip.is_null()))
        return list(zip(rows.to_pylist(), problem.take(rows).to_pylist(), strict=True))

    def relations(self) -> Iterator[pa.Table]:
        """Yield all rows with the place where they arrived as `fk_arrival`, by their columns."""
        import numpy as np
        import pyarrow as pa

        alike: dict[tuple[tuple[str, str], ...], list[pa.Table]] = {}
        for run, table in self._runs.values():
            places = np.arange(table.num_rows, dtype=np.int64) + run.first
            arrived = pa.Array.from_buffers(
                pa.int64(), table.num_rows, [None, pa.py_buffer(places)]
            )
            schema = tuple((field.name, str(field.type)) for field in table.schema)
            alike.setdefault(schema, []).append(table.append_column("fk_arrival", arrived))
        for tables in alike.values():
            yield pa.concat_tables(tables)


def is_worthwhile(rows: int) -> bool:
    """Tell whether so many rows are worth to load Arrow."""
    return rows >= FEWEST


def compact(table: pa.Table) -> pa.Table:
    """Return a table, as DuckDB made it, that takes little memory and nothing of the other's."""
    import pyarrow as pa

    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_string(column.type) and _has_few(column):
            columns[name] = column.dictionary_encode().combine_chunks()
        elif column.num_chunks == 1:  # which would not be copied
            half = len(column) // 2
            columns[name] = pa.concat_arrays([*column.slice(0, half).chunks, *column.slice(half).chunks])  # noqa: E501  # fmt: skip
        else:
            columns[name] = column.combine_chunks()
    return pa.table(columns)


def _has_few(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    sample = column.slice(0, _SAMPLE)
    return bool(pc.count_distinct(sample).as_py() * 4 <= max(len(sample), 4))
