"""Polars, pandas and Arrow frames, written once as Parquet: nothing rounded, nothing folded."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from funnelkit.errors import ColumnError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def is_frame(source: object) -> bool:
    """Return whether the source is a frame of Polars, pandas or Arrow; imports none of them."""
    return type(source).__module__.partition(".")[0] in {"polars", "pandas", "pyarrow"}


def write_frame(frame: Any, target: Path) -> None:
    """Write a frame as the Parquet file `target`.

    Python objects in a column (dicts and lists in pandas) are written as JSON text, if that loses
    nothing.

    Raises:
        ColumnError: a column's name is no text or stands twice, or its values cannot be written
            without loss; the text names it.
    """
    library = type(frame).__module__.partition(".")[0]
    {"polars": _write_polars, "pandas": _write_pandas, "pyarrow": _write_arrow}[library](
        frame, target
    )


def _write_polars(frame: Any, target: Path) -> None:
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, pl.DataFrame):
        raise DataError(f"a Polars frame is a DataFrame or a LazyFrame; got {type(frame).__name__}")
    _check_names(frame.columns)
    for name, kind in frame.schema.items():
        if kind == pl.Object or kind == pl.Struct([]):
            texts = _json_texts(name, frame[name].to_list())
            frame = frame.with_columns(pl.Series(name, texts, dtype=pl.String))
    try:
        frame.write_parquet(target)
    except pl.exceptions.PolarsError as error:
        raise ColumnError(f"the Polars frame cannot be written as Parquet: {error}") from error


def _write_pandas(frame: Any, target: Path) -> None:
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"a pandas frame is a DataFrame; got {type(frame).__name__}")
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    _check_names(list(frame.columns))
    columns: dict[str, Any] = {}
    for name in frame.columns:
        series = frame[name]
        values: Any = series
        if series.dtype == object and any(isinstance(value, (dict, list)) for value in series):
            values = _json_texts(name, list(series))
        try:
            columns[name] = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ColumnError(
                f"the column {name!r} of the pandas frame holds values of several types: {error}"
            ) from error
    _write_arrow(pa.table(columns), target)


def _write_arrow(frame: Any, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if isinstance(frame, pa.RecordBatchReader):
        frame = frame.read_all()
    if not isinstance(frame, pa.Table):
        raise DataError(f"an Arrow frame is a Table; got {type(frame).__name__}")
    _check_names(frame.column_names)
    try:
        pq.write_table(frame, target)
    except pa.ArrowException as error:
        raise ColumnError(f"the Arrow table cannot be written as Parquet: {error}") from error


def _check_names(names: Sequence[object]) -> None:
    if not names:
        raise ColumnError("the frame is empty: it has no columns")
    for name in names:
        if not isinstance(name, str) or not name:
            raise ColumnError(f"the frame has a column whose name is no text: {name!r}")
        if names.count(name) > 1:
            raise ColumnError(f"the frame has two columns {name!r}")


def _json_texts(name: str, values: Sequence[object]) -> list[str | None]:
    texts: list[str | None] = []
    for row, value in enumerate(values, start=1):
        try:
            plain = _plain(value)
        except _LossError as loss:
            raise ColumnError(
                f"the column {name!r} cannot be written as JSON without loss: "
                f"row {row} holds {loss.args[0]}"
            ) from None
        texts.append(None if plain is None else json.dumps(plain, ensure_ascii=False))
    return texts


class _LossError(Exception):
    """A value has no equal in JSON."""


def _plain(value: object) -> object:  # noqa: PLR0911 - one for each type
    """Return the value in JSON's own types; NaN is pandas' missing value, and becomes null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _LossError(f"the key {key!r}, which is no text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if type(value).__module__ == "numpy":
        return _plain(value.tolist())  # type: ignore[attr-defined]
    raise _LossError(f"a {type(value).__name__}")
