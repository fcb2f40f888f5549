"""How often a step was done before the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.charts.bars import Bar, Row, bars_view
from funnelkit.charts.chart import Part
from funnelkit.charts.theme import WIDTH
from funnelkit.charts.words import counted
from funnelkit.charts.words import units as units_of
from funnelkit.result.percent import percent
from funnelkit.result.words import amount, count

if TYPE_CHECKING:
    from funnelkit.model import Funnel
    from funnelkit.result import Frequency

MOST: Final = 10


def frequency_part(frequency: Frequency, funnel: Funnel, *, name: str = "") -> Part:
    """Return a bar per number of times, those above ten together."""
    total, noun = sum(frequency.counts), f"{funnel.noun}s"
    rows = [
        _row(f"{times} time{'s' if times > 1 else ''}", units, total, noun)
        for times, units in enumerate(frequency.counts[:MOST], 1)
    ]
    if more := frequency.counts[MOST:]:
        rows.append(_row(f"more than {MOST} times", sum(more), total, noun))
    step = frequency.step
    average = "once" if frequency.average == 1 else f"{amount(frequency.average)} times"
    words = (
        f"Step {step} was done {average} before step {step + 1}, on average"
        if total
        else f"Nobody got from step {step} to step {step + 1}"
    )
    return Part(
        words=f"{name}: {words}" if name else words,
        beside=(f"{units_of(total, funnel)} that reached step {step + 1}", *counted(funnel)),
        view=bars_view(rows or [_row("1 time", 0, 0, noun)], [noun], pixels=WIDTH),
        alternative="",
    )


def _row(name: str, units: int, total: int, noun: str) -> Row:
    share = units / total if total else None
    bar = Bar(series=noun, share=share, words=f"{percent(share)} · {count(units)}")
    return Row(name=name, bars=(bar,))
