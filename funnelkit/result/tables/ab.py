"""The A/B view (specification A11f), in Amplitude's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import change, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.stats.ab import AbRow, AbTest

NEARLY_ALL = 0.9999
ARITHMETIC = (
    "Significance is Amplitude's arithmetic, 1 - p of a t-test. It means something only if chance "
    "assigned the variants: see funnelkit compare --randomised-by."
)


def ab_table(test: AbTest, funnel: Funnel) -> TextTable:
    """Return a row per variant; the notes say which is judged, and why others are not."""
    return TextTable(
        title=f"A/B view, baseline {test.rows[test.baseline].name}",
        heads=("variant", "count", "converted", "% conversion", "% improvement", "significance"),
        rows=tuple(
            (
                row.name,
                count(row.count),
                count(row.converted),
                percent(row.conversion),
                change(row.improvement),
                _significance(row.significance),
            )
            for row in test.rows
        ),
        notes=(*_verdict(test, f"{funnel.noun}s"), ARITHMETIC),
    )


def _verdict(test: AbTest, unit: str) -> Iterator[str]:
    others = [row for k, row in enumerate(test.rows) if k != test.baseline]
    judged = [row for row in others if row.significance is not None]
    for row in judged:
        verdict = (
            "above 95 %: significant" if row.significant else "not above 95 %: not significant"
        )
        more = "; only the best variant is judged" if len(others) > 1 else ""
        yield f"{row.name} is {verdict} by Amplitude's rule{more}"
    best = max(others, key=lambda row: row.conversion or 0, default=None)
    if not judged and best is not None:
        yield f"not judged: {_reasons(best)}"
    if len(test.rows) == 1:
        yield f"there are no other variants among these {unit}"


def _reasons(row: AbRow) -> str:
    return "; ".join(row.not_judged) or "nobody entered"


def _significance(value: float | None) -> str:
    if value is not None and value > NEARLY_ALL:
        return "over 99.99 %"
    return percent(value)
