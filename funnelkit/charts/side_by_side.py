"""Several series step by step: segments, or a report beside an earlier period or a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.charts.bars import Bar, Row, bars_view
from funnelkit.charts.chart import Part
from funnelkit.charts.theme import SERIES, WIDTH
from funnelkit.charts.words import counted, in_words
from funnelkit.result.percent import percent
from funnelkit.result.words import count, points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import Counterpart, Series, StepResult

MOST: Final = len(SERIES)


def segments_part(segments: Sequence[Series], funnel: Funnel) -> Part:
    """Return every step with a bar per segment, of many segments the first ones.

    All have as many steps; where their events differ, a row names them all.
    """
    shown = segments[:MOST]
    names = [segment.name for segment in shown]
    rows = [
        Row(
            name=f"{k} {_either(steps)}",
            bars=tuple(
                _bar(segment.name, step) for segment, step in zip(shown, steps, strict=True)
            ),
        )
        for k, steps in enumerate(zip(*(segment.steps for segment in shown), strict=True), 1)
    ]
    left = len(segments) - len(shown)
    beside = [*counted(funnel), *([f"{left} more segments are not drawn"] if left else [])]
    title = "; ".join(f"{segment.name} {percent(segment.conversion)}" for segment in shown)
    return Part(
        words=title,
        beside=tuple(beside),
        view=bars_view(rows, names, pixels=WIDTH),
        alternative=" ".join(map(in_words, shown)),
    )


def counterpart_part(counterpart: Counterpart) -> Part:
    """Return a series beside that with which it is compared."""
    own = counterpart.group or counterpart.segment
    other = f"{counterpart.name} ({counterpart.dates})" if counterpart.dates else counterpart.name
    one_of_both = counterpart.steps[-1].difference is None
    rows = [
        Row(
            name=f"{step.step} {step.event}"
            + ("" if one_of_both or step.step == 1 else f": {points(step.difference)} points"),
            bars=(
                Bar(series=own, share=step.conversion, words=_of(step.conversion, step.count)),
                Bar(
                    series=other,
                    share=step.compared_conversion,
                    words=_of(step.compared_conversion, step.compared_count),
                ),
            ),
        )
        for step in counterpart.steps
    ]
    last = counterpart.steps[-1]
    words = f"{own} beside {counterpart.name}"
    words = (
        f"Nobody entered: {words}" if one_of_both else f"{points(last.difference)} points: {words}"
    )
    return Part(
        words=words,
        beside=("nobody was assigned by chance: a difference shows no cause",),
        view=bars_view(rows, [own, other], pixels=WIDTH),
        alternative=f"{words}: {percent(last.conversion)} and {percent(last.compared_conversion)}.",
    )


def _either(steps: Sequence[StepResult]) -> str:
    """Return the names of the events of one step, each once."""
    return " or ".join(dict.fromkeys(step.event for step in steps))


def _bar(name: str, step: StepResult) -> Bar:
    share = step.conversion_from_start
    return Bar(series=name, share=share, words=_of(share, step.count))


def _of(share: float | None, units: int) -> str:
    return f"{percent(share)} · {count(units)}"
