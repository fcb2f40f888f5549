"""What a comparison refuses, by name."""

from dataclasses import replace
from datetime import date, time

import pytest

from funnelkit.comparison.sides import sides
from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import (
    Cohort,
    EventSelector,
    Exclusion,
    Funnel,
    HistoricalCount,
    Period,
    Segment,
    Step,
)

A, B, C = (Step((EventSelector(name),)) for name in "ABC")
MARCH = Funnel(steps=(A, B, C), period=Period(date(2024, 3, 1), date(2024, 3, 31)))
APRIL = replace(MARCH, period=Period(date(2024, 4, 1), date(2024, 4, 30)))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"count_by": "totals"}, "totals"),
        ({"users": "new"}, "new users"),
        ({"period": replace(MARCH.period, without_weekdays=("sunday",))}, "weekdays"),
        ({"period": replace(MARCH.period, from_time=time(9))}, "times of day"),
        ({"period": Period(last=30)}, "last days"),
        ({"steps": (A, replace(B, historical_count=HistoricalCount("is", 2)))}, "historical"),
        ({"optional_step": 2}, "optional step"),
        ({"segments": (Segment("vip", cohorts=(Cohort("ids.txt"),)),)}, "cohorts"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(asked, named):
    with pytest.raises(UnsupportedError, match=named):
        sides(replace(MARCH, **asked), APRIL)


@pytest.mark.parametrize(
    "asked", [{"order": "exact"}, {"exclusions": (Exclusion((EventSelector("X"),)),)}]
)
def test_sides_that_count_differently_are_refused(asked):
    with pytest.raises(DefinitionError, match=f"differ in {next(iter(asked))}"):
        sides(MARCH, replace(APRIL, **asked))


def test_sides_in_exact_order_are_compared():
    found = sides(replace(MARCH, order="exact"), replace(APRIL, order="exact"))
    assert found.funnel.order == "exact"
