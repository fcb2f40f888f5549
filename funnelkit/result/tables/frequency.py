"""How often steps are done before the next one (specification A11e)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.result.series import Series

MOST_TIMES = 3


def frequency_tables(segment: Series, funnel: Funnel) -> Iterator[TextTable]:
    """Yield a row per step but the last: how many units did it once, twice, …."""
    if not segment.frequency:
        return
    most = max(len(frequency.counts) for frequency in segment.frequency)
    shown = min(most, MOST_TIMES)
    heads = ["once" if n == 1 else f"{n} times" for n in range(1, shown + 1)]
    if most > shown:
        heads.append("more")
    rows = []
    for frequency, step in zip(segment.frequency, segment.steps, strict=False):
        counts = [*frequency.counts, *[0] * (most - len(frequency.counts))]
        numbers = [count(number) for number in counts[:shown]]
        if most > shown:
            numbers.append(count(sum(counts[shown:])))
        middle = (amount(frequency.average), amount(frequency.median))
        rows.append((f"{step.step} {step.event}", *middle, *numbers))
    yield TextTable(
        title=f"times that a step was done before the next ({funnel.noun}s that went on)",
        heads=("", "average", "median", *heads),
        rows=tuple(rows),
    )
