"""The expected numbers in a chart's CSV (specification B3).

The layout of Conversion over time is known from real files: title rows, then a row that begins with
`Segment`, then a row per segment with a conversion per date. That of the Conversion (bar) view is
known from screenshots only, so it is read tolerantly: of the columns that follow `Segment`, those
whose numbers are whole are the counts of the steps.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError, DefinitionError
from funnelkit.verification.expected import Expectation, ExpectedInterval, ExpectedSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

SEGMENT: Final = "Segment"
STEPS: Final = "Steps"
WHOLE: Final = "Entire Funnel"
PREVIOUS: Final = "[Previous] "
MOST_TITLE_ROWS: Final = 20

_COUNT: Final = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?(?: *\([\d.,]+ ?%\))?")
_NO_COUNT: Final = re.compile(
    r".*%.*|(total |overall )?conver(sions?|ted)( rate)?( (from|to|of|in|since)\b.*| ?\(.*)?|"
    r"(avg\.?|average|median|mean)\b.*|time( to .*)?|drop[ -]?offs?( .*)?",
    re.IGNORECASE,
)
"""Headings of Amplitude's own columns; a step may be called Dropdown Opened, or Time Out."""


def is_chart_csv(text: str) -> bool:
    """Whether a text is a chart's CSV: one of its first rows begins with `Segment`."""
    return _heading(_rows(text[:100_000])) is not None


def read_chart_csv(text: str, *, source: str) -> Expectation:
    """Return the numbers of a chart's table.

    Conversions of intervals are full-precision fractions; rounded percentages are not numbers to
    be compared, and neither are times whose unit the file does not say.

    Raises:
        DataError: there is no row that begins with `Segment`, or a number cannot be read.
    """
    rows = _rows(text)
    place = _heading(rows)
    if place is None:
        raise DataError(f"{source}: no row begins with {SEGMENT}, so it is no table of a chart")
    heads = rows[place]
    body = [
        (number, row)
        for number, row in enumerate(rows[place + 1 :], place + 2)
        if any(cell for cell in row)
    ]
    if not body:
        raise DataError(f"{source}: nothing stands below the row {SEGMENT}")
    dates = [column for column, head in enumerate(heads) if _is_date(head)]
    table = _Table(source, heads, dates)
    labels: tuple[str, ...] = ()
    try:
        if dates:
            segments = table.over_time(body)
        else:
            segments = table.bars(body)
            labels = tuple(heads[column] for column in table.steps(body))
    except DefinitionError as error:  # counts that rise
        raise DataError(f"{source}: {error}") from None
    return Expectation(segments=tuple(segments), source=source, origin="amplitude", labels=labels)


@dataclass(frozen=True, slots=True)
class _Table:
    source: str
    heads: Sequence[str]
    dates: Sequence[int]

    def over_time(self, body: Sequence[tuple[int, list[str]]]) -> list[ExpectedSeries]:
        first = self.dates[0]
        steps = self.heads.index(STEPS) if STEPS in self.heads[:first] else None
        grouped = [column for column in range(1, first) if column != steps]
        found: dict[tuple[str, bool], list[tuple[str, ExpectedSeries]]] = {}
        for number, row in body:
            if steps is not None and _cell(row, steps) not in {WHOLE, ""}:
                raise DataError(
                    f"{self.source}, row {number}: the conversion of {_cell(row, steps)!r}; only "
                    f"that of {WHOLE!r} says which steps it is of"
                )
            name = _cell(row, 0)
            previous = name.startswith(PREVIOUS)
            intervals = tuple(
                ExpectedInterval(name=self.heads[column], conversion=value)
                for column in self.dates
                if (value := self._fraction(_cell(row, column), number)) is not None
            )
            series = ExpectedSeries(
                name=name.removeprefix(PREVIOUS), intervals=intervals, previous=previous
            )
            group = "; ".join(_cell(row, column) for column in grouped)
            found.setdefault((series.name or "", previous), []).append((group, series))
        return [
            _with_groups(name, rows, previous=previous) for (name, previous), rows in found.items()
        ]

    def steps(self, body: Sequence[tuple[int, list[str]]]) -> list[int]:
        """Return the columns that hold the counts of the steps."""
        return [
            column
            for column, head in enumerate(self.heads)
            if column
            and not _NO_COUNT.fullmatch(head)
            and all(_COUNT.fullmatch(_cell(row, column)) for _, row in body)
        ]

    def bars(self, body: Sequence[tuple[int, list[str]]]) -> list[ExpectedSeries]:
        columns = self.steps(body)
        if not columns:
            raise DataError(
                f"{self.source}: no column holds counts of steps; there are "
                f"{', '.join(map(repr, self.heads))}"
            )
        grouped = [
            column
            for column in range(1, columns[0])
            if not _NO_COUNT.fullmatch(self.heads[column])
            and any(not _COUNT.fullmatch(_cell(row, column)) for _, row in body)
        ]
        found: dict[tuple[str, bool], list[tuple[str, ExpectedSeries]]] = {}
        for _, row in body:
            name = _cell(row, 0)
            if name.startswith(PREVIOUS):
                continue  # conversions of the bar view are rounded, so nothing exact is lost
            counts = tuple(_count(_cell(row, column)) for column in columns)
            group = "; ".join(_cell(row, column) for column in grouped)
            series = ExpectedSeries(name=name, counts=counts)
            found.setdefault((name, False), []).append((group, series))
        return [
            _with_groups(name, rows, previous=previous) for (name, previous), rows in found.items()
        ]

    def _fraction(self, cell: str, number: int) -> float | None:
        if not cell or cell.endswith("%"):
            return None
        try:
            value = float(cell)
        except ValueError:
            value = -1
        if not 0 <= value <= 1:
            raise DataError(
                f"{self.source}, row {number}: expected a conversion from 0 to 1, got {cell!r}"
            )
        return value


def _with_groups(
    name: str, rows: Sequence[tuple[str, ExpectedSeries]], *, previous: bool
) -> ExpectedSeries:
    if len(rows) == 1 and not rows[0][0]:
        return rows[0][1]
    groups = tuple(replace(series, name=group) for group, series in rows)
    return ExpectedSeries(name=name, groups=groups, previous=previous)


def _rows(text: str) -> list[list[str]]:
    """Return the rows with the TAB that begins text cells taken away."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        return [[cell.strip() for cell in row] for row in reader]
    except csv.Error:
        return []


def _heading(rows: Sequence[Sequence[str]]) -> int | None:
    for place, row in enumerate(rows[:MOST_TITLE_ROWS]):
        if len(row) > 1 and row[0] == SEGMENT:
            return place
    return None


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _count(cell: str) -> int:
    found = _COUNT.fullmatch(cell)
    assert found is not None  # noqa: S101 - the column was chosen by this
    return int(found[1].replace(",", ""))


def _is_date(cell: str) -> bool:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(cell)
        except ValueError:
            continue
        return len(cell) >= len("2026-05-01")
    return False
