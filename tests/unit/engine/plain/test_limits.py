from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from datetime import time

import pytest

from funnelkit.engine.plain.limits import check_plain
from funnelkit.errors import UnsupportedError
from funnelkit.model import (
    Bins,
    Cohort,
    ComparedEvent,
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    HistoricalCount,
    Measures,
    Performed,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.model.settings import setting_choices

A = EventSelector("A", (Filter(Property("p"), "is", ("x",)),))
STEPS = (Step((A,)), Step((EventSelector("B"),)), Step((EventSelector("ce:c"),)))
FULL = Funnel(
    steps=STEPS,
    name="all that can be said",
    segments=(Segment("one", A.filters),),
    order="exact",
    group_by=GroupBy((Property("p"), Property("q", "user"))),
    event_filters=A.filters,
    custom_events=(CustomEvent("c", (A,)),),
    inactive_events=("X",),
)
REFUSED = [
    ({"order": "any"}, "any order"),
    ({"count_by": "totals"}, "totals"),
    ({"unit": Property("p")}, "the values of 'p' as the unit"),
    ({"users": "new"}, "new users"),
    ({"hold": (Property("p"),)}, "a held property"),
    ({"exclusions": (Exclusion((A,)),)}, "excluded events"),
    ({"group_by": GroupBy((Property("p"),), step=2)}, "a later step"),
    ({"group_by": GroupBy((Property("p"),), limit=3)}, "a limit of groups"),
    ({"optional_step": 2}, "an optional step"),
    ({"compared_events": (ComparedEvent(2, Step((A,))),)}, "compared events"),
    ({"measures": Measures(interval="day")}, "intervals"),
    ({"measures": Measures(time_to_convert=True, bins=Bins(0, 10, 1))}, "times"),
    ({"steps": (Step((A,), HistoricalCount("is", 2)),), "order": "this"}, "historical count"),
    ({"steps": (Step((EventSelector("_new"),)), *STEPS[1:])}, "New User"),
    ({"segments": (Segment("s", performed=(Performed((A,)),)),)}, "performed events"),
    ({"segments": (Segment("s", cohorts=(Cohort("ids.txt"),)),)}, "cohorts"),
    ({"period": Period(last=7)}, "the last days"),
    ({"period": Period(last=7, offset=2)}, "an offset"),
    ({"period": Period(complete=True)}, "complete days"),
    ({"period": Period(without_weekdays=("sunday",))}, "days of the week"),
    ({"period": Period(from_time=time(9))}, "time of day"),
    ({"settings": Settings(seconds="round")}, "settings.seconds"),
    ({"settings": Settings(is_not_on_missing="fails")}, "settings.is not on missing"),
]  # fmt: skip


def test_what_can_be_said_is_not_refused():
    check_plain(FULL)
    check_plain(replace(FULL, settings=Settings(t_test="pooled", percentages="one decimal")))


@pytest.mark.parametrize(("asked", "named"), REFUSED, ids=lambda each: str(each)[:30])
def test_what_cannot_be_said_is_refused_by_name(asked, named):
    with pytest.raises(UnsupportedError, match="cannot express .*" + named):
        check_plain(replace(FULL, **asked))


def test_all_that_cannot_be_said_is_named_at_once():
    with pytest.raises(UnsupportedError, match=r"new users.*; any order"):
        check_plain(replace(FULL, order="any", users="new"))


def test_every_field_of_a_definition_is_said_or_refused():
    """A field without a default is always set; any other one is said here, or refused above."""
    refused = {name for asked, _named in REFUSED for name in asked}
    said = {field.name for field in fields(Funnel) if getattr(FULL, field.name) != default(field)}
    as_they_are = {"period", "timezone", "window", "unit", "hold", "resolution", "settings"}
    assert {field.name for field in fields(Funnel)} == refused | said | as_they_are


def default(field):
    return field.default if field.default_factory is MISSING else field.default_factory()


@pytest.mark.parametrize(
    "place",
    [
        lambda new: replace(FULL, segments=(new(Segment)("one"),)),
        lambda new: replace(FULL, period=new(Period)()),
        lambda new: replace(FULL, settings=new(Settings)()),
        lambda new: replace(FULL, group_by=new(GroupBy)((Property("p"),))),
        lambda new: replace(FULL, steps=(new(Step)((A,)), *STEPS[1:])),
        lambda new: replace(FULL, steps=(Step((new(EventSelector)("A"),)), *STEPS[1:])),
        lambda new: replace(FULL, event_filters=(new(Filter)(Property("p"), "is", ("x",)),)),
        lambda new: new(Funnel)(steps=STEPS[:1]),
    ],
    ids=["Segment", "Period", "Settings", "GroupBy", "Step", "EventSelector", "Filter", "Funnel"],
)
def test_a_field_that_nobody_thought_of_is_refused(place):
    def with_a_new_field(kind):
        @dataclass(frozen=True, kw_only=True)
        class Newer(kind):
            surprise: str = "none"

            def __post_init__(self):
                object.__setattr__(self, "surprise", "some")

        return Newer

    with pytest.raises(UnsupportedError, match="surprise"):
        check_plain(place(with_a_new_field))


@pytest.mark.parametrize("name", setting_choices())
def test_a_setting_is_refused_unless_it_changes_nothing_that_is_shown(name):
    changed = replace(FULL, settings=Settings(**{name: setting_choices()[name][1]}))
    harmless = {
        "step_index", "t_test", "variance", "bins", "percentages", "complete_interval",
        "group_ranking", "api_any_order_window",
    }  # fmt: skip
    if name in harmless:
        check_plain(changed)
    else:
        with pytest.raises(UnsupportedError, match=f"settings.{name.replace('_', ' ')}"):
            check_plain(changed)
