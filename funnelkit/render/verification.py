"""A verification as text: what was in force, and a small table of what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.why import long_why, short_why
from funnelkit.render.words import INDENT, count, fit, hanging
from funnelkit.result.percent import percentages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.expectation import Verification

NAME = 40
HOW_TO_LOCK = (
    "the definition, the events, funnelkit or Amplitude's numbers may have changed. Once they "
    "hold: funnelkit lock EVENTS --steps … -o NAME.lock.json; then funnelkit verify "
    "NAME.lock.json EVENTS tells which"
)


def render_verification(
    verification: Verification,
    *,
    format: str,  # noqa: A002 - the option's name
    full: bool = False,
) -> str:
    """Return the verdict as `table` or `json`; `full`: all that was found of why it differs."""
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(verification.to_dict())
    with percentages(verification.result.funnel.settings.percentages):
        return "\n".join(_lines(verification, full=full)) + "\n"


def _lines(verification: Verification, *, full: bool) -> Iterator[str]:
    result = verification.result
    for heading, words in definition(result.funnel):
        yield from hanging(heading, words)
    yield from hanging("events", events_read(result.events))
    yield ""
    if verification.ok:
        yield f"ok: {' > '.join(map(count, verification.found))}"
        return
    yield f"   {'step':{NAME}}{'expected':>10}{'found':>10}{'difference':>12}"
    pairs = zip(result.segments[0].steps, verification.expected, strict=True)
    for step, wanted in pairs:
        mark = " " if step.count == wanted else "!"
        difference = f"{step.count - wanted:+,}" if step.count != wanted else ""
        yield (
            f"{mark}{step.step:>2} {fit(step.event, NAME - 1)}{count(wanted):>10}"
            f"{count(step.count):>10}{difference:>12}"
        ).rstrip()
    yield ""
    for culprit in verification.culprits:
        yield from hanging("cause", f"{culprit.words}: {HOW_TO_LOCK}", indent=INDENT)
    if verification.explanation is not None:
        say = long_why if full else short_why
        yield from say(verification.explanation, indent=INDENT)
