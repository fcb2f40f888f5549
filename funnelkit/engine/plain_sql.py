"""The funnel as one plain DuckDB statement, values and all, for people to read and run by hand.

It shares nothing with the kernel but the conditions of the steps, so it is also a second opinion:
tests compare the two on random input. `sql/plain_funnel.sql` is the statement; this module fills
in what depends on the funnel.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from funnelkit.engine.filters import condition
from funnelkit.engine.rules import TICKS
from funnelkit.engine.runs import Runs, fills
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import UnsupportedError
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ANY_EVENT
from funnelkit.specs.text import format_moment, format_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Funnel, Step

MOST_TERMS: Final = 20_000
"""Conditions on shared seconds beyond which nobody can read or plan the statement."""

_MACRO: Final = re.compile(r"^CREATE OR REPLACE MACRO (\w+)", re.MULTILINE)


class Literals(Parameters):
    """Like `Parameters`, but each `bind` returns the value itself, as an SQL literal."""

    def bind(self, value: object) -> str:
        """Return the literal of a text, a number, a boolean, None or a list of these."""
        match value:
            case None:
                return "NULL"
            case bool():
                return "true" if value else "false"
            case int():
                return str(value) if value >= 0 else f"({value})"
            case float():
                return f"CAST('{value!r}' AS DOUBLE)"
            case str():
                return _text(value)
            case list() | tuple():
                return f"[{', '.join(map(self.bind, value))}]"
            case _:
                raise TypeError(f"no SQL literal for a value of type {type(value).__name__}")


def _text(value: str) -> str:
    """Return the literal of a text; a NUL, which would end the statement, is spelt out."""
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def plain_sql(funnel: Funnel, table: EventTable) -> str:
    """Return one statement that gives a row (step, event, users) for each step of the funnel.

    The counts are those of `report` (specification A0 to A4, A7 and A10), the rule for equal
    seconds included. Where it needs them, the macros that compare properties and a setting come
    before the statement.

    Raises:
        UnsupportedError: the funnel has segments, a group-by or counts sessions, or its steps
            overlap so much that the statement would be too long.
    """
    _check_plain(funnel)
    steps = funnel.steps
    numbers = range(1, len(steps) + 1)
    literals = Literals()
    runs = Runs(steps)
    if runs.terms() > MOST_TERMS:
        raise UnsupportedError(
            f"plain SQL for these {len(steps)} steps would need {runs.terms():,} conditions, "
            f"because one event may fit many of them in the same {funnel.resolution}"
        )
    tick = TICKS[funnel.resolution]
    fits = (_fits(step, table, literals) for step in steps)
    statement = read_sql("plain_funnel").format(
        unit=_unit(table),
        us=table.microseconds(),
        fits=_lines(f"coalesce({each}, false) AS fits_{n}" for n, each in enumerate(fits, 1)),
        events=table.relation(literals),
        relevant=_relevant(steps, table, literals),
        resolution=funnel.resolution,
        period=_period(funnel),
        tick=tick,
        fills=_lines(runs.columns(_entry(funnel))),
        fits_any=" OR ".join(f"fits_{n}" for n in numbers),
        window=format_window(funnel.conversion_window),
        chain="".join(_chain(runs, funnel.conversion_window // timedelta(microseconds=tick))),
        reached=_lines(
            f"count(DISTINCT unit) FILTER (WHERE start_{n} IS NOT NULL) AS users_{n}"
            for n in numbers
        ),
        last=len(steps),
        rows=_lines(f"({n}, {literals.bind(steps[n - 1].label)}, users_{n})" for n in numbers),
    )
    zone = "SET TimeZone = 'UTC'; -- the times are text\n\n" if table.time_kind == "text" else ""
    return zone + _macros(statement) + statement


def _chain(runs: Runs, window: int) -> Iterator[str]:
    """Yield the CTE of each step after the first; `window` is in seconds (or milliseconds)."""
    before: set[int] = set()
    for last in range(2, len(runs.steps) + 1):
        columns = []
        if runs.is_apart(last):
            name, frame = "upto", "ROWS UNBOUNDED PRECEDING"
            columns.append(f"max(start_{last - 1}) OVER upto AS upto_{last - 1}")
            ways = [_way(fills(last, last), f"upto_{last - 1}", window)]
        else:
            name, frame = "before", "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
            ending = runs.ending_at(last)
            needed = {first - 1 for first, _last in ending if first > 1} - before
            columns += [f"max(start_{n}) OVER before AS before_{n}" for n in sorted(needed)]
            before |= needed
            ways = [
                _way(fills(*run), f"before_{run[0] - 1}", window)
                if run[0] > 1
                else f"CASE WHEN {fills(*run)} THEN tick END"
                for run in ending
            ]
        latest = ways[0] if len(ways) == 1 else f"greatest(\n{_lines(ways, 12)}\n        )"
        columns.append(f"{latest} AS start_{last}")
        yield (
            f"step_{last} AS (\n    SELECT\n        *,\n{_lines(columns)}\n"
            f"    FROM step_{last - 1}\n"
            f"    WINDOW {name} AS (PARTITION BY unit ORDER BY tick {frame})\n),\n"
        )


def _way(filled: str, entered: str, window: int) -> str:
    return f"CASE WHEN {filled} AND tick - {entered} <= {window} THEN {entered} END"


def _fits(step: Step, table: EventTable, literals: Literals) -> str:
    """Return the condition of an event that fits the step."""
    selected = [_selects(each, table, literals) for each in step.events]
    return selected[0] if len(selected) == 1 else " OR ".join(f"({each})" for each in selected)


def _selects(selector: EventSelector, table: EventTable, literals: Literals) -> str:
    conditions = [f"({condition(each, table, literals)})" for each in selector.filters]
    if selector.event_type != ANY_EVENT:
        event_type = quote_identifier(table.event_type)
        conditions.insert(0, f"{event_type} = {literals.bind(selector.event_type)}")
    return " AND ".join(conditions) or "true"


def _unit(table: EventTable) -> str:
    """Return what tells users apart: the first id that is filled, marked with its kind."""
    ids = [name for name in (table.amplitude_id, table.user_id, table.device_id) if name]
    if len(ids) == 1:
        return quote_identifier(ids[0])
    marked = (
        f"'{number}:' || CAST({quote_identifier(column)} AS VARCHAR)"
        for number, column in enumerate(ids, start=1)
    )
    return f"coalesce({', '.join(marked)})"


def _macros(statement: str) -> str:
    """Return the macros of `sql/properties.sql` that the statement needs, directly or not."""
    blocks = read_sql("properties").split("\n\n")
    named = {found[1]: block for block in blocks if (found := _MACRO.search(block))}
    needed: list[str] = []
    waiting = [statement]
    while waiting:
        text = waiting.pop()
        new = [name for name in named if f"{name}(" in text and name not in needed]
        needed += new
        waiting += [named[name] for name in new]
    return "".join(f"{block.strip()}\n\n" for name, block in named.items() if name in needed)


def _relevant(steps: Sequence[Step], table: EventTable, literals: Literals) -> str:
    """Return a condition that all events of the steps meet and that Parquet can test early."""
    types = dict.fromkeys(selector.event_type for step in steps for selector in step.events)
    if ANY_EVENT in types:
        return "true"
    return f"{quote_identifier(table.event_type)} IN ({', '.join(map(literals.bind, types))})"


def _entry(funnel: Funnel) -> str:
    """Return the condition that the event of step 1 lies in the range; empty without a range."""
    start, end = funnel.period.bounds(funnel.timezone)
    after = [] if start is None else [f"us >= {start}"]
    before = [] if end is None else [f"us < {end}"]
    return " AND ".join(after + before)


def _period(funnel: Funnel) -> str:
    """Return the range in words."""
    start, end = funnel.period.start, funnel.period.end
    first = "" if start is None else f"from {format_moment(start)}, "
    last = "" if end is None else f"to {format_moment(end)}, "
    return f"{first}{last}in {funnel.timezone} time" if first or last else "at any time"


def _check_plain(funnel: Funnel) -> None:
    extras = {
        "segments (put a segment's filters on step 1)": funnel.segments,
        "a group-by": funnel.group_by,
        "sessions as the unit": funnel.unit != "user",
    }
    found = [name for name, is_asked in extras.items() if is_asked]
    if found:
        raise UnsupportedError(f"the plain SQL statement cannot express {', '.join(found)}")


def _lines(items: Iterable[str], indent: int = 8) -> str:
    """Return the items one a line, with commas between them."""
    return ",\n".join(" " * indent + item for item in items)
