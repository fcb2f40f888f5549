"""A run of `funnelkit verify` as a page of HTML to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.charts.chart import chart_of
from funnelkit.charts.report import parts_of
from funnelkit.render.definition import definition, events_read
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
from funnelkit.render.verification_run import shown_checks, summary
from funnelkit.render.why import long_why
from funnelkit.render.words import count
from funnelkit.result.percent import percentages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.case import CaseResult, VerificationRun
    from funnelkit.verification.checks import Check

MOST_PICTURES: Final = 20
OUTCOMES: Final = {
    "pass": "passed", "warn": "warned", "fail": "failed", "undecided": "undecided",
    "error": "could not be run",
}  # fmt: skip


def run_page(run: VerificationRun, made: Reproduction) -> str:
    """Return the verdict as one file, a section per funnel, and how to get it again.

    Raises:
        DefinitionError: the extra `charts` is missing.
    """
    title = "The numbers hold" if run.ok else "The numbers were not confirmed"
    if run.of("fail"):
        title = "The numbers do not hold"
    return page(title, [f"{summary(run)[0].upper()}{summary(run)[1:]}."], _sections(run, made))


def _sections(run: VerificationRun, made: Reproduction) -> Iterator[str]:
    rows = [
        (result.case.title, OUTCOMES[result.outcome], _numbers(result), result.cause)
        for result in run.results
    ]
    heads = ("funnel", "verdict", "numbers", "")
    yield section("Verdict", table("Funnels", heads, rows, words=(0, 1, 3)))
    for number, result in enumerate(run.results, 1):
        drawn = number <= MOST_PICTURES
        yield section(f"{number}. {result.case.name}", *_case(result, drawn=drawn))
    read = [result.result.events for result in run.results if result.result is not None]
    different = {(events.source, events.fingerprint): events for events in read}
    yield reproduction(made, *different.values())


def _numbers(result: CaseResult) -> str:
    return count(0 if result.comparison is None else len(result.comparison.checks))


def _case(result: CaseResult, *, drawn: bool) -> Iterator[str]:
    yield f"<p><strong>{OUTCOMES[result.outcome].capitalize()}.</strong> {text(result.cause)}</p>"
    checks, more = shown_checks(result)
    if result.comparison is not None and not checks:  # what held is what the reader came for
        checks = list(result.comparison.checks[:MOST_PICTURES])
        more = len(result.comparison.checks) - len(checks)
    if checks:
        heads = ("number", "expected", "found", "difference", "verdict")
        yield table("Checked", heads, map(_check, checks), words=(0, 4))
    if more:
        yield f'<p class="quiet">… and {count(more)} more</p>'
    if result.explanation is not None:
        lines = "\n".join(long_why(result.explanation, indent=9))
        yield f"<pre>{_lines(lines)}</pre>"
    yield listed(f"not checkable from exports: {words}" for words in result.not_checkable)
    if result.result is None:
        return
    found = result.result
    with percentages(found.funnel.settings.percentages):
        asked = [*definition(found.funnel), ("events", events_read(found.events))]
        yield pairs(asked)
        if drawn:
            yield figure(chart_of(list(parts_of(found, "steps"))))
    yield listed([*found.warnings, *found.notes])


def _check(check: Check) -> tuple[str, ...]:
    difference = check.difference
    return (
        check.what,
        check.written(check.expected),
        check.written(check.found),
        check.written(difference, signed=True) if difference else "",
        check.verdict + (f": {check.reason}" if check.reason else ""),
    )


def _lines(lines: str) -> str:
    """Return lines of data as HTML, line by line."""
    return "\n".join(map(text, lines.splitlines()))
