"""A comparison as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from funnelkit.comparison.sentences import say, span
from funnelkit.result.percent import percent, percentages
from funnelkit.result.words import points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.result import ComparisonResult


def to_html(result: ComparisonResult) -> str:
    """Return the steps as a table, the lines as a list, and the closing sentence."""
    with percentages(result.baseline.funnel.settings.percentages):
        return _html(result)


def _html(result: ComparisonResult) -> str:
    heads = ("step", result.baseline.name, "", result.against.name, "", "points", "95 % interval")
    unit = result.baseline.funnel.noun
    lines = (
        f"<li><b>{escape(line.name.capitalize())}</b> {escape(say(line, unit))}</li>"
        for line in result.lines
    )
    return (
        f"<table><thead><tr>{_cells(heads, 'th')}</tr></thead><tbody>"
        + "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in _rows(result))
        + f"</tbody></table><p>Like with like?</p><ul>{''.join(lines)}</ul>"
        + f"<p>{escape(result.sentence)}</p>"
    )


def _rows(result: ComparisonResult) -> Iterator[tuple[str, ...]]:
    steps = zip(result.baseline.series.steps, result.against.series.steps, strict=True)
    for number, (one, other) in enumerate(steps, 1):
        lift = result.steps[number - 2] if number > 1 else None
        yield (
            f"{number} {one.event}",
            f"{one.count:,}",
            percent(one.conversion_from_start),
            f"{other.count:,}",
            percent(other.conversion_from_start),
            points(lift.difference) if lift else "",
            span(lift.interval) if lift else "",
        )


def _cells(texts: tuple[str, ...], tag: str) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
