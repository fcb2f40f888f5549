"""A run as Markdown: the step summary of a workflow, or a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.render.markdown import escape
from funnelkit.render.verification_run import shown_checks, summary
from funnelkit.render.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.case import CaseResult, VerificationRun

SIGNS: Final = {"pass": "✅", "warn": "⚠️", "fail": "❌", "undecided": "❔", "error": "💥"}


def run_markdown(run: VerificationRun) -> str:
    """Return a line per funnel, and a table for each that did not pass."""
    lines = [f"## Funnels: {summary(run)}", ""]
    lines += ["| | funnel | numbers | |", "| --- | --- | ---: | --- |"]
    for result in run.results:
        numbers = 0 if result.comparison is None else len(result.comparison.checks)
        name = escape(result.case.name)
        sign = SIGNS[result.outcome]
        cause = escape(result.cause.replace("\n", " "))
        lines.append(f"| {sign} | {name} | {count(numbers)} | {cause} |")
    for result in run.results:
        lines += _details(result)
    return "\n".join(lines) + "\n"


def _details(result: CaseResult) -> Iterator[str]:
    checks, more = shown_checks(result)
    if not checks:
        return
    yield from ("", f"### {escape(result.case.name)}", "")
    yield "| number | expected | found | difference | |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for check in checks:
        difference = check.difference
        cells = [
            escape(check.what),
            check.written(check.expected),
            check.written(check.found),
            check.written(difference, signed=True) if difference else "",
            f"{SIGNS[check.verdict]} {escape(check.reason or '')}".strip(),
        ]
        yield f"| {' | '.join(cells)} |"
    if more:
        yield from ("", f"… and {count(more)} more.")
    for culprit in result.culprits:
        yield from ("", f"**Cause:** {escape(culprit.words)}")
    for words in result.not_checkable:
        yield from ("", f"Not checkable from exports: {escape(words)}")
