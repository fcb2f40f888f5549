"""Shares in percent, in every table and sentence alike (specification A12, G10).

Like the precision of `decimal`, the way to write them is a matter of context: whoever shows a
result enters `percentages` with the setting of its funnel, and everything shown inside follows.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Context
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Percentages = Literal["three digits", "one decimal"]

MISSING = "–"
THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)

_in_force: ContextVar[Percentages] = ContextVar("percentages", default="three digits")


@contextmanager
def percentages(style: Percentages) -> Iterator[None]:
    """Write percentages in this style inside the `with` statement."""
    token = _in_force.set(style)
    try:
        yield
    finally:
        _in_force.reset(token)


def percent(fraction: float | None, style: Percentages | None = None) -> str:
    """Return a fraction as percent, in the style in force unless one is given; None as a dash.

    Three digits are those of Amplitude's chart, JavaScript's `toPrecision(3)`: `100 %`, `23.8 %`,
    `5.25 %`, `0.123 %`, `0.00 %`, a half rounded up. Unlike there, small shares are written out,
    `0.000000123 %`, instead of as powers of ten. One decimal is one decimal.
    """
    if fraction is None:
        return MISSING
    if (style or _in_force.get()) == "one decimal":
        return f"{100 * fraction:.1f} %"
    rounded = THREE_DIGITS.create_decimal_from_float(100 * fraction)
    return f"{rounded:.{max(0, 2 - rounded.adjusted())}f} %"
