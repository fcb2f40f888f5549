"""A comparison in the format that was asked for; as a table on one screen of 80 columns."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from datetime import datetime
from typing import TYPE_CHECKING

from funnelkit.comparison.sentences import CANNOT_SHOW, say, span
from funnelkit.comparison.sides import moment, own_filters
from funnelkit.render.definition import events_read
from funnelkit.render.markdown import escape, table
from funnelkit.render.words import count, fit, percent, visible
from funnelkit.result.percent import percentages
from funnelkit.result.words import points
from funnelkit.specs.text import (
    format_filters,
    format_moment,
    format_property,
    format_steps,
    format_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.decomposition import Decomposition
    from funnelkit.comparison.result import ComparisonResult, SideResult

WIDTH = 80
COLUMNS = ((8, 2), (9, 2), (9, 2), (9, 2), (8, 2), (15, 1))
"""Least width and gap of each column of numbers beside a step."""
LEAST_EVENT = 8
MOST_PARTS = 8
NEARLY_ALL = 0.9999
GLUE = "\N{NO-BREAK SPACE}"
GLUED = re.compile(r"[-+]?[0-9.]+ to [-+]?[0-9.]+|[0-9] (?:%|points|days?|hours?)")


def render_comparison(
    result: ComparisonResult,
    *,
    format: str,  # noqa: A002 - the option's name
    command: str | None = None,
) -> str:
    """Return the comparison as `table`, `json`, `csv`, `markdown` or `html`.

    HTML says with which command it was made.

    Raises:
        DefinitionError: the extra for HTML is missing.
    """
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(result.to_dict())
    if format == "csv":
        return _csv(result)
    with percentages(result.baseline.funnel.settings.percentages):
        if format == "html":
            from funnelkit.render.comparison_page import comparison_page
            from funnelkit.render.page import Reproduction

            return comparison_page(result, Reproduction(command=command))
        lines = _markdown(result) if format == "markdown" else _table(result)
        return "\n".join(lines) + "\n"


def _csv(result: ComparisonResult) -> str:
    """Return one line per estimate; missing values are empty (RFC 4180)."""
    text = io.StringIO()
    rows = list(result.rows())
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _table(result: ComparisonResult) -> Iterator[str]:
    for heading, words in definition_of(result):
        yield from _wrapped(heading, words, indent=10)
    yield ""
    yield from _step_table(result)
    yield ""
    for heading, words in lift_words(result):
        yield from _wrapped(heading, words, indent=10)
    yield ""
    yield "Like with like?"
    for line in result.lines:
        words = say(line, result.baseline.funnel.noun)
        yield from _wrapped(line.name.capitalize(), words, indent=16)
    if result.decomposition is not None:
        yield ""
        yield from _parts(result.decomposition)
    yield ""
    yield from _lines(result.sentence, WIDTH)
    if result.randomised_by is None:
        yield from _lines(CANNOT_SHOW, WIDTH)


def _step_table(result: ComparisonResult) -> Iterator[str]:
    """Yield the steps in columns; where numbers are long, the events' names give way."""
    rows = list(step_rows(result))
    n1, p1, n2, p2, lift, interval = (
        max(least, *(len(row[column]) + gap for row in rows))
        for column, (least, gap) in enumerate(COLUMNS, 2)
    )
    event = max(LEAST_EVENT, WIDTH - 3 - (n1 + p1 + n2 + p2 + lift + interval))
    one, other = (
        fit(side.name, columns - 2).strip()
        for side, columns in ((result.baseline, n1 + p1), (result.against, n2 + p2))
    )
    yield (
        f"   {'':{event}}{one:>{n1 + p1}}{other:>{n2 + p2}}{'points':>{lift}}"
        f"{'95 % interval':>{interval}}"
    )
    for row in rows:
        cells = zip(row[2:], (n1, p1, n2, p2, lift, interval), strict=True)
        numbers = "".join(f"{cell:>{columns}}" for cell, columns in cells)
        yield f"{row[0]:>2} {fit(row[1], event)}{numbers}".rstrip()


def _markdown(result: ComparisonResult) -> Iterator[str]:
    yield f"## {escape(result.baseline.name)} against {escape(result.against.name)}"
    yield ""
    for heading, words in definition_of(result):
        yield f"- {escape(heading)}: {escape(words)}"
    yield ""
    one, other = escape(result.baseline.name), escape(result.against.name)
    heads = ("step", "event", one, "converted", other, "converted", "points", "95 % interval")
    yield from table(heads, list(step_rows(result)))
    yield ""
    for heading, words in lift_words(result):
        yield f"- {heading or 'significance'}: {escape(words)}"
    yield ""
    yield "### Like with like?"
    yield ""
    for line in result.lines:
        yield f"- **{line.name.capitalize()}** {escape(say(line, result.baseline.funnel.noun))}"
    if result.decomposition is not None:
        yield ""
        yield f"### By {escape(format_property(result.decomposition.by))}"
        yield ""
        yield from table(
            ("value", "", "baseline", "converted", "against", "converted", "mix", "within"),
            [(row[0], "", *row[1:]) for row in part_rows(result.decomposition)],
        )
    yield ""
    yield f"**{escape(result.sentence)}**"
    if result.randomised_by is None:
        yield ""
        yield escape(CANNOT_SHOW)


def definition_of(result: ComparisonResult) -> Iterator[tuple[str, str]]:
    """Yield (heading, words) for everything that decides the numbers."""
    funnel = result.baseline.funnel
    filters = own_filters(result.baseline.funnel, result.against.funnel)
    yield "steps", format_steps(filters.funnel.steps)
    default = " (default)" if funnel.window is None else ""
    window = f"window {format_window(funnel.conversion_window)}{default}"
    times = f"whole {funnel.resolution}s, {funnel.timezone}"
    yield "counted", f"unique {funnel.noun}s, this order, {window}, {times}"
    if result.randomised_by is not None:
        by = format_property(result.randomised_by)
        yield "variants", f"by {by} of the step-1 event; the first one is the baseline"
    for side, own in zip((result.baseline, result.against), filters.filters, strict=True):
        words = _period(side)
        if own:
            words += f", where {format_filters(own)} (applies to step 1, {funnel.steps[0].label})"
        yield side.name, words
    data_end = f"data to {moment(result.data_end - 1)} UTC"
    yield "events", f"{events_read(result.events)}; {data_end}"


def _period(side: SideResult) -> str:
    """Return the period as asked for; where it was left open, the range of the data."""
    asked = side.funnel.period
    start = format_moment(asked.start) if asked.start else f"{moment(side.start)} UTC"
    end = format_moment(asked.end) if asked.end else f"{moment(side.end)} UTC"
    exclusive = " (exclusive)" if isinstance(asked.end, datetime) else ""
    return f"step 1 from {start} to {end}{exclusive}"


def step_rows(result: ComparisonResult) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each step: number, event, both sides, lift in points, interval."""
    pairs = zip(result.baseline.series.steps, result.against.series.steps, strict=True)
    for number, (one, other) in enumerate(pairs, 1):
        lift = result.steps[number - 2] if number > 1 else None
        yield (
            str(number),
            one.event,
            count(one.count),
            percent(one.conversion_from_start),
            count(other.count),
            percent(other.conversion_from_start),
            points(lift.difference) if lift else "",
            span(lift.interval) if lift else "",
        )


def lift_words(result: ComparisonResult) -> Iterator[tuple[str, str]]:
    """Yield the lift in points and in percent, and Amplitude's significance."""
    lift = result.lift
    in_percent = "no percent of a baseline of 0 %"
    if lift.relative is not None:
        in_percent = f"{points(lift.relative)} % of the baseline ({span(lift.relative_interval)})"
    yield "lift", f"{points(lift.difference)} points ({span(lift.interval)}), {in_percent}"
    found = result.significance
    if found.value is None or found.too_few:
        value = f"not judged: {found.too_few[0] if found.too_few else 'a side has one unit'}"
    elif found.value > NEARLY_ALL:
        value = "over 99.99 %"
    else:
        value = f"{100 * found.value:.2f} %"
    if result.randomised_by is None and not found.too_few:
        value += ", were this randomised"
    yield "", f"Amplitude's significance (1 - p) {value}"


def _parts(split: Decomposition) -> Iterator[str]:
    by = visible(format_property(split.by))
    words = f"{points(split.mix)} points from the mix, {points(split.within)} within groups"
    if any(None in part.conversions for part in split.parts):
        words += "; a value on one side only is all mix"
    yield from _lines(f"By {by}: {words}", WIDTH)
    yield f"   {'value':23}{'baseline':>18}{'against':>18}{'mix':>9}{'within':>9}"
    for value, n1, p1, n2, p2, mix, within in part_rows(split):
        yield f"   {fit(value, 23)}{n1:>9} {p1:>8}{n2:>9} {p2:>8}{mix:>9}{within:>9}"


def part_rows(split: Decomposition) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each value: both sides, and what it adds to the difference."""
    for part in split.parts[:MOST_PARTS]:
        yield (
            part.value,
            count(part.entered[0]),
            percent(part.conversions[0]),
            count(part.entered[1]),
            percent(part.conversions[1]),
            points(part.mix),
            points(part.within),
        )
    rest = split.parts[MOST_PARTS:]
    if rest:
        yield (
            f"{len(rest)} more values",
            count(sum(part.entered[0] for part in rest)),
            "",
            count(sum(part.entered[1] for part in rest)),
            "",
            points(sum(part.mix for part in rest)),
            points(sum(part.within for part in rest)),
        )


def _wrapped(heading: str, words: str, *, indent: int) -> Iterator[str]:
    heading = fit(heading, indent - 1)
    for number, line in enumerate(_lines(words, WIDTH - indent)):
        yield f"{'' if number else heading:{indent}}{line}".rstrip()


def _lines(words: str, width: int) -> list[str]:
    """Return the words as lines that do not part a number from its unit or an interval."""
    glued = GLUED.sub(lambda found: found[0].replace(" ", GLUE), visible(words))
    lines = textwrap.wrap(glued, width, break_on_hyphens=False) or [""]
    return [line.replace(GLUE, " ") for line in lines]
