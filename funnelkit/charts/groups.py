"""Group by: the conversion of each group, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.charts.bars import Bar, Row, bars_view
from funnelkit.charts.chart import Part
from funnelkit.charts.theme import WIDTH
from funnelkit.charts.words import counted
from funnelkit.result.percent import percent
from funnelkit.result.words import count
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from funnelkit.model import Funnel
    from funnelkit.result import Series

MOST: Final = 20


def groups_part(segment: Series, funnel: Funnel, *, name: str = "") -> Part:
    """Return a bar per group: who reached the last step, of those who entered."""
    shown = segment.groups[:MOST]
    noun = f"{funnel.noun}s"
    rows = [
        Row(
            name=group.name,
            bars=(
                Bar(
                    series=segment.name,
                    share=group.conversion,
                    words=f"{percent(group.conversion)} · {count(group.counts[-1])} of "
                    f"{count(group.counts[0])}",
                ),
            ),
        )
        for group in shown
    ]
    most = max((group.conversion or 0 for group in shown), default=0) or 1.0
    by = "value"
    if funnel.group_by is not None:
        step = funnel.group_by.step
        by = " and ".join(map(format_property, funnel.group_by.properties))
        by += f" at step {step}" if step > 1 else ""
    words = f"{name + ': ' if name else ''}conversion by {by}"
    last = f"{noun} that reached step {len(segment.steps)}, {segment.steps[-1].event}"
    left = len(segment.groups) - len(shown) + segment.groups_left_out
    beside = [last, *counted(funnel)]
    if left:
        beside.append(f"the first {len(shown)} groups; {count(left)} more are not drawn")
    said = "; ".join(f"{group.name}: {percent(group.conversion)}" for group in shown)
    return Part(
        words=words[0].upper() + words[1:],
        beside=tuple(beside),
        view=bars_view(rows, [segment.name], pixels=WIDTH, most=_round_up(most)),
        alternative=f"{said}.",
    )


def _round_up(share: float) -> float:
    """Return the next share at which a scale ends well."""
    ends = (0.002, 0.004, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
    return next((end for end in ends if share <= end), 1.0)
