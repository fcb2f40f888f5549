"""A comparison as a page of HTML to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.charts.chart import chart_of
from funnelkit.charts.comparison import comparison_part
from funnelkit.comparison.sentences import CANNOT_SHOW, say
from funnelkit.render.comparison import definition_of, lift_words, part_rows, step_rows
from funnelkit.render.page import (
    Reproduction,
    figure,
    listed,
    page,
    pairs,
    reproduction,
    section,
    table,
    text,
)
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.result import ComparisonResult


def comparison_page(result: ComparisonResult, made: Reproduction) -> str:
    """Return the comparison as one file: numbers, whether they are alike, and how to get it again.

    Raises:
        DefinitionError: the extra `charts` is missing.
    """
    steps = result.baseline.funnel.steps
    sides = (result.baseline.name, result.against.name)
    named = "Comparison" if sides == ("baseline", "against") else " and ".join(sides)
    title = f"{named}: {steps[0].label} to {steps[-1].label}"
    lead = [result.sentence]
    if result.randomised_by is None:
        lead.append(CANNOT_SHOW)
    return page(title[0].upper() + title[1:], lead, _sections(result, made))


def _sections(result: ComparisonResult, made: Reproduction) -> Iterator[str]:
    if result.warnings:
        yield section("Warnings", listed(result.warnings))
    yield section("Definition", pairs(definition_of(result)))
    one, other = result.baseline.name, result.against.name
    heads = ("step", "event", one, "converted", other, "converted", "points", "95 % interval")
    lift = [(heading or "significance", words) for heading, words in lift_words(result)]
    yield section("Chart", figure(chart_of([comparison_part(result)])))
    yield section("Tables", table("Steps", heads, step_rows(result), words=(0, 1)), pairs(lift))
    unit = result.baseline.funnel.noun
    lines = [(line.name.capitalize(), say(line, unit)) for line in result.lines]
    closing = f"<p><strong>{text(result.sentence)}</strong></p>"
    no_cause = f"<p>{text(CANNOT_SHOW)}</p>" if result.randomised_by is None else ""
    yield section("Like with like?", pairs(lines) if lines else "", closing, no_cause)
    if (split := result.decomposition) is not None:
        names = ("value", one, "converted", other, "converted", "mix", "within")
        yield section(f"By {format_property(split.by)}", table("", names, part_rows(split)))
    if result.notes:
        yield section("Notes", listed(result.notes))
    yield reproduction(made, result.events)
