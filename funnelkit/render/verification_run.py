"""A run of `funnelkit verify` over several funnels, in the format that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.render.why import long_why, short_why
from funnelkit.render.words import count, fit, hanging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.case import CaseResult, VerificationRun
    from funnelkit.verification.checks import Check

MOST_ROWS: Final = 20
WHAT: Final = 40
MARKS: Final = {"fail": "!", "undecided": "?", "warn": "~", "pass": " "}
WORDS: Final = (("fail", "failed"), ("error", "could not be run"), ("undecided", "undecided"),
                ("warn", "warned"), ("pass", "passed"))  # fmt: skip


def render_run(
    run: VerificationRun,
    *,
    format: str,  # noqa: A002 - the option's name
    quiet: bool = False,
    full: bool = False,
    command: str | None = None,
) -> str:
    """Return a run as `table`, `json`, `junit`, `github`, `markdown` or `html`.

    HTML says with which command it was made. A quiet table has a line for each funnel that did not
    pass, and no numbers; a `full` one has all that was found of why numbers differ.
    """
    match format:
        case "json":
            from funnelkit.render.machine import to_json

            return to_json(run.to_dict())
        case "junit":
            from funnelkit.render.junit import run_junit

            return run_junit(run)
        case "github":
            from funnelkit.render.github import run_annotations

            return run_annotations(run)
        case "markdown":
            from funnelkit.render.verification_markdown import run_markdown

            return run_markdown(run)
        case "html":
            from funnelkit.render.page import Reproduction
            from funnelkit.render.verification_page import run_page

            return run_page(run, Reproduction(command=command))
    return "".join(f"{line}\n" for line in _lines(run, quiet=quiet, full=full))


def summary(run: VerificationRun) -> str:
    """Return how many funnels ended how: `1 failed, 2 passed`."""
    parts = [
        f"{len(found)} {word}"
        for outcome, word in WORDS
        if (found := run.of(outcome))  # type: ignore[arg-type]
    ]
    if run.deselected:
        parts.append(f"{run.deselected} not chosen")
    if run.not_run:
        parts.append(f"{run.not_run} not run")
    return ", ".join(parts)


def shown_checks(result: CaseResult) -> tuple[list[Check], int]:
    """Return the checks that a person should see, and how many are left out.

    These are all that differ, and beside them the counts of the whole funnel; what is undecided
    and agrees is no news.
    """
    if result.comparison is None or result.outcome == "pass":
        return [], 0
    checks = result.comparison.checks
    wanted = [check for check in checks if _is_news(check)]
    wanted = wanted or [check for check in checks if check.verdict != "pass"]
    return wanted[:MOST_ROWS], max(0, len(wanted) - MOST_ROWS)


def _is_news(check: Check) -> bool:
    measure = check.measure
    if measure.metric == "count" and not (measure.interval or measure.group):
        return True
    if check.verdict == "undecided":
        return check.found != check.expected
    return check.verdict != "pass" or check.reason is not None


def _lines(run: VerificationRun, *, quiet: bool, full: bool) -> Iterator[str]:
    for result in run.results:
        if quiet and result.outcome == "pass":
            continue
        yield from _case(result, quiet=quiet, full=full)
    yield summary(run)


def _case(result: CaseResult, *, quiet: bool, full: bool) -> Iterator[str]:
    outcome = result.outcome
    word = outcome.upper() if outcome in {"fail", "error"} else outcome
    where = "" if result.case.source is None else f" ({result.case.source})"
    numbers = 0 if result.comparison is None else len(result.comparison.checks)
    tail = f", {count(numbers)} number{'' if numbers == 1 else 's'}" if outcome != "error" else ""
    yield from hanging(word, f"{result.case.name}{where}{tail}", indent=10)
    if result.error is not None:
        for line in str(result.error).splitlines():
            yield from hanging("", line, indent=10)
        return
    if quiet:  # the cause is said on stderr
        return
    yield from _numbers(result)
    for culprit in result.culprits:
        yield from hanging("  cause", culprit.words, indent=10)
    if result.explanation is not None:
        say = long_why if full else short_why
        yield from (f"  {line}" for line in say(result.explanation, indent=8))
    for words in result.not_checkable:
        yield from hanging("  not checkable from exports:", words, indent=30)


def _numbers(result: CaseResult) -> Iterator[str]:
    checks, more = shown_checks(result)
    if checks:
        yield f"  {'':{WHAT}}{'expected':>11}{'found':>11}{'difference':>12}"
    reasons: list[str] = []
    for check in checks:
        yield _row(check)
        if check.reason and check.reason not in reasons:
            reasons.append(check.reason)
    if more:
        yield f"  … and {count(more)} more; --format json has them all"
    for reason in reasons:
        yield from hanging("  why", reason, indent=10)


def _row(check: Check) -> str:
    difference = check.difference
    shown = check.written(difference, signed=True) if difference else ""
    return (
        f"{MARKS[check.verdict]} {fit(check.what, WHAT - 1)} "
        f"{check.written(check.expected):>11} {check.written(check.found):>10} {shown:>11}"
    ).rstrip()
