"""Each dialect's statement gives the kernel's numbers, run by the database that speaks it."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from random_funnels import PACES, all_funnels, plainer

import funnelkit as fk
from funnelkit import api
from funnelkit.errors import UnsupportedError
from funnelkit.model import EventSelector, Filter, Funnel, Property, Step
from funnelkit.specs.define import define

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "25"))
RUN = {"duckdb": EXAMPLES, "postgres": EXAMPLES, "clickhouse": EXAMPLES, "spark": EXAMPLES // 8}

WORKED = {
    "words": {"steps": "A[p is x] > B[p not in (x, (none))] > C"},
    "numbers": {"steps": "A[p in (3, 36, 3.5)] > _all[n > 9.5]"},
    "booleans": {"steps": "A[p is TRUE] > B"},
    "dates": {"steps": "A[d >= 2024-01-10] > B[d < 2024-01-10]"},
    "texts in lists": {"steps": "A[a contains X] > B[user.a contains y]"},
    "sets": {"steps": "A[a set is (x, y)] > B[a set does not contain (3, x)]"},
    "a built-in property": {"steps": "A > B[user.city is Zürich]", "group_by": "user.city"},
    "a letter that is not ASCII": {"steps": "A[user.city contains Ü] > B"},
    "a group": {"steps": "A[group.company is Initech] > B"},
    "a name with signs": {"steps": "A['$~/ü.[0]' is x] > B", "group_by": "'$~/ü.[0]'"},
    "milliseconds": {"steps": "A > A > B", "resolution": "millisecond"},
    "a range": {
        "steps": "A > B",
        "from_": "2024-01-02",
        "to": "2024-01-02",
        "timezone": "Asia/Kolkata",
    },
    "sessions": {"steps": "A > B", "unit": "session"},
    "segments": {
        "steps": "A > B",
        "segment": ["it's: p is x", "all: p is not nobody", "none: p is nobody"],
    },
}


def of_kernel(events, funnel):
    found = {}
    for series in fk.report(str(events), funnel=funnel).segments:
        name = (series.name,) if funnel.segments else ()
        if funnel.group_by is None:
            found[name] = list(series.counts)
        for group in series.groups:
            found[*name, *group.values] = list(group.counts)
    return found


def of_rows(rows):
    return {
        labels: [count for *_labels, count in steps]
        for labels, steps in groupby(rows, key=lambda row: tuple(row[:-3]))
    }


def without_globs(funnel):
    """Globs are refused by all but DuckDB."""

    def kept(filters):
        return tuple(each for each in filters if not each.op.startswith("glob"))

    def selected(events):
        return tuple(replace(each, filters=kept(each.filters)) for each in events)

    return replace(
        funnel,
        steps=tuple(replace(step, events=selected(step.events)) for step in funnel.steps),
        segments=tuple(replace(each, filters=kept(each.filters)) for each in funnel.segments),
        event_filters=kept(funnel.event_filters),
        custom_events=tuple(
            replace(each, events=selected(each.events)) for each in funnel.custom_events
        ),
    )


@pytest.fixture(scope="module", params=list(RUN))
def spoken(request):
    return request.param, request.getfixturevalue(f"{request.param}_database")


@pytest.mark.parametrize("definition", WORKED.values(), ids=WORKED)
def test_a_worked_definition_gives_the_kernels_numbers(exported, spoken, definition):
    dialect, database = spoken
    funnel = define(**definition)
    statement = api.sql(funnel=funnel, dialect=dialect, table="events")
    assert of_rows(database.rows(statement)) == of_kernel(exported, funnel)


def test_a_name_in_quotes_is_reached_where_the_dialect_can(exported, spoken):
    dialect, database = spoken
    asked = Filter(Property('it\'s "so"'), "is", ("it's",))
    funnel = Funnel(steps=(Step((EventSelector("A", (asked,)),)), Step((EventSelector("B"),))))
    if dialect == "spark":
        with pytest.raises(UnsupportedError, match="a path knows no quotes"):
            api.sql(funnel=funnel, dialect=dialect, table="events")
    else:
        statement = api.sql(funnel=funnel, dialect=dialect, table="events")
        assert of_rows(database.rows(statement)) == of_kernel(exported, funnel)


def test_random_definitions_give_the_kernels_numbers(exported, spoken):
    dialect, database = spoken

    @settings(max_examples=RUN[dialect], suppress_health_check=list(HealthCheck))
    @given(drawn=all_funnels(PACES[0]))
    def agree(drawn):
        funnel = plainer(drawn, sessions=True)
        funnel = funnel if dialect == "duckdb" else without_globs(funnel)
        statement = api.sql(funnel=funnel, dialect=dialect, table="events")
        assert of_rows(database.rows(statement)) == of_kernel(exported, funnel), statement

    agree()
