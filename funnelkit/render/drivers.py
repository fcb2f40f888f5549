"""Conversion drivers in the format that was asked for; as a table of 80 columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.markdown import escape, table
from funnelkit.render.words import (
    LINE,
    MISSING,
    count,
    duration,
    fit,
    hanging,
    percent,
    visible,
    width,
)
from funnelkit.result.percent import percentages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.result import DriverRow, DriversResult

CSV_COLUMNS = (
    "event", "value",
    "converters_units", "converters_events", "converters_share", "converters_per_hour",
    "drop_offs_units", "drop_offs_events", "drop_offs_share", "drop_offs_per_hour",
    "ratio", "low", "high", "p_value", "adjusted_p", "dispersion", "call",
)  # fmt: skip
LEAST_NAME = 12
GAP = 2
SMALLEST_P = 0.001


def render_drivers(result: DriversResult, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return the drivers as `table`, `json`, `csv` or `markdown`."""
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(result.to_dict())
    if format == "csv":
        return _csv(result)
    with percentages(result.funnel.settings.percentages):
        lines = _markdown(result) if format == "markdown" else _table(result)
        return "\n".join(lines) + "\n"


def _csv(result: DriversResult) -> str:
    """Return one line per row; missing values are empty (RFC 4180)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=CSV_COLUMNS)
    writer.writeheader()
    writer.writerows(result.records())
    return text.getvalue()


def _heads(result: DriversResult) -> Iterator[tuple[str, str]]:
    """Yield (heading, words) for all that stands above the rows."""
    yield from definition(result.funnel)
    steps = result.funnel.steps
    b, c = result.between
    earlier, later = (f"step {k} ({steps[k - 1].label})" for k in result.between)
    yield "between", f"{earlier} and {later}"
    converters = _watched(result.converters, "converter", result.converter_hours, f"step {c}")
    drop_offs = _watched(
        result.drop_offs, "drop-off", result.drop_off_hours, "the end of the window"
    )
    yield "watched", f"from step {b} on, {converters}; {drop_offs}{_cut(result)}"
    if result.step_events_left_out:
        left_out = _many(result.step_events_left_out, "event")
        yield "left out", f"{left_out} in between that fit these steps, or are excluded there"
    yield "events", events_read(result.events)


def _watched(units: int, noun: str, hours: float, until: str) -> str:
    return f"{_many(units, noun)} to {until}, {_number(hours)} hours in all"


def _cut(result: DriversResult) -> str:
    if not result.drop_offs_cut:
        return ""
    return f" (of {count(result.drop_offs_cut)} of them the data ended first)"


def _notes(result: DriversResult) -> Iterator[str]:
    """Yield the sentences without which the rows would be misread."""
    b, _ = result.between
    if result.compared:
        yield (
            "Ratio: how many times as often per hour converters did it, with both sides at equal "
            f"times since step {b}, up to {duration(result.equal_times_seconds)} after it; p "
            f"adjusted for {_many(result.compared, 'comparison')} (Benjamini and Hochberg)."
        )
    yield (
        "An association, not a cause: chance assigned these events to nobody, and those on their "
        f"way to convert do more of everything{_of_everything(result)}."
    )


def _of_everything(result: DriversResult) -> str:
    row = result.any_event
    if row.p_value is None or row.ratio is None or row.call != "more often":
        return ""
    return f" (any event {_number(row.ratio)} times as often)"


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _table(result: DriversResult) -> Iterator[str]:
    if result.funnel.name:
        yield visible(result.funnel.name)
    for heading, words in _heads(result):
        yield from hanging(heading, words)
    yield ""
    yield from _rows(result)
    if result.rows_left_out:
        yield f"   … and {count(result.rows_left_out)} more"
    for note in _notes(result):
        yield ""
        yield from hanging("", note)


def _rows(result: DriversResult) -> Iterator[str]:
    noun = f"{result.funnel.noun}s"
    rows = [result.any_event, *result.rows]
    heads = ("", "", "", "", "", "95 %", "adj.")
    below = (noun, "/ hour", noun, "/ hour", "ratio", "interval", "p")
    cells = [_cells(row) for row in rows]
    widths = [
        max(width(line[k]) for line in (heads, below, *cells)) + GAP for k in range(len(heads))
    ]
    name = max(LEAST_NAME, LINE - 3 - sum(widths))
    sides = [sum(widths[:2]), sum(widths[2:4])]
    over = "".join(
        f"{words:>{columns}}"
        for words, columns in zip(("converters", "drop-offs"), sides, strict=True)
    )
    rest = "".join(f"{head:>{size}}" for head, size in zip(heads[4:], widths[4:], strict=True))
    yield f"   {'':{name}}{over}{rest}"
    yield f"   {fit('event', name)}{_padded(below, widths)}"
    for row, line in zip(rows, cells, strict=True):
        yield f"   {fit(_name(row), name)}{_padded(line, widths)}".rstrip()


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(
        " " * (size - width(cell)) + cell for cell, size in zip(cells, widths, strict=True)
    )


def _name(row: DriverRow) -> str:
    return row.event if row.value is None else f"{row.event}: {row.value}"


def _cells(row: DriverRow) -> list[str]:
    return [
        count(row.converters.units),
        _number(row.converters.per_hour, digits=2),
        count(row.drop_offs.units),
        _number(row.drop_offs.per_hour, digits=2),
        *_estimate(row),
    ]


def _estimate(row: DriverRow) -> list[str]:
    if row.p_value is None or row.low is None:
        return [MISSING, MISSING, MISSING]
    if row.ratio is None or row.high is None:
        return [MISSING, f"over {_number(row.low)}", _p(row)]
    return [_number(row.ratio), f"{_number(row.low)} to {_number(row.high)}", _p(row)]


def _p(row: DriverRow) -> str:
    p = row.adjusted_p
    if p is None:
        return ""
    return f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def _number(value: float | None, *, digits: int = 3) -> str:
    """Return a number with so many digits, zeros behind them too; a large one whole."""
    if value is None:
        return MISSING
    if not value:
        return "0"
    if value >= 10**digits - 0.5:
        return f"{value:,.0f}"
    return f"{value:#.{digits}g}".rstrip(".")


def _markdown(result: DriversResult) -> Iterator[str]:
    yield f"## {escape(result.funnel.name or 'Conversion drivers')}"
    yield ""
    for heading, words in _heads(result):
        yield f"- {heading}: {escape(words)}"
    yield ""
    heads = (
        "event", "value", "converters", "share", "per hour", "drop-offs", "share", "per hour",
        "ratio", "95 % interval", "adjusted p",
    )  # fmt: skip
    yield from table(heads, [_markdown_row(row) for row in (result.any_event, *result.rows)])
    if result.rows_left_out:
        yield ""
        yield f"… and {count(result.rows_left_out)} more"
    for note in _notes(result):
        yield ""
        yield escape(note)


def _markdown_row(row: DriverRow) -> list[str]:
    found = [row.event, row.value or ""]
    for side in (row.converters, row.drop_offs):
        found += [count(side.units), percent(side.share), _number(side.per_hour)]
    return [*found, *_estimate(row)]
