"""Names that the data do not know are named, with what is near."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from funnelkit.engine.doubts import event_types, undone_steps, unknown_events, unknown_properties
from funnelkit.events.sources import open_events
from funnelkit.model import (
    ANY_EVENT,
    EventSelector,
    Exclusion,
    Funnel,
    GroupBy,
    Performed,
    Property,
    Segment,
    Step,
)
from funnelkit.specs.define import define

NOON = datetime.fromisoformat("2020-05-02T12:00:00")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("events") / "events.parquet"
    pl.DataFrame(
        {
            "user_id": ["u", "u"],
            "event_type": ["ProductViewed", "ProductAdded"],
            "event_time": [NOON + timedelta(seconds=n) for n in range(2)],
            "feature": ["home", None],
            "event_properties": ['{"list_price": 3}', "{}"],
            "user_properties": ['{"plan": "gold"}', None],
        }
    ).write_parquet(path)
    with open_events(path) as opened:
        yield opened


def unknown(table, **definition):
    return [*unknown_properties(define(**definition), table)]


def test_event_types_are_listed_once_each(table):
    assert event_types(table) == ["ProductAdded", "ProductViewed"]


def test_steps_that_somebody_did_are_not_doubted(table):
    assert [*undone_steps(define(steps="ProductViewed > ProductAdded"), table, (True, True))] == []


def test_a_step_of_a_type_that_is_not_there_is_named_with_what_is_near(table):
    doubts = undone_steps(define(steps="ProductViewed > product added"), table, (True, False))
    near = "Did you mean 'ProductAdded' or 'ProductViewed'?"
    assert [*doubts] == [f"step 2: no event of the type 'product added' was read. {near}"]


def test_a_type_that_resembles_nothing_has_no_hint(table):
    doubts = undone_steps(define(steps="Zzz"), table, (False,))
    assert [*doubts] == ["step 1: no event of the type 'Zzz' was read."]


def test_a_step_whose_filter_nobody_passes_is_another_matter(table):
    doubts = undone_steps(define(steps="ProductViewed[feature is x]"), table, (False,))
    assert [*doubts] == ["step 1: nobody did 'ProductViewed' as the step asks"]


def test_each_alternative_of_a_step_that_nobody_did_is_named(table):
    doubts = [*undone_steps(define(steps="ProductView | ProductAdded"), table, (False,))]
    assert [doubt.split("'")[1] for doubt in doubts] == ["ProductView", "ProductAdded"]


def test_any_event_is_never_an_unknown_type(table):
    funnel = Funnel(steps=(Step((EventSelector(ANY_EVENT),)),))
    assert [*undone_steps(funnel, table, (False,))] == [
        "step 1: nobody did '_all' as the step asks"
    ]


@pytest.mark.parametrize(
    "definition",
    [
        {"steps": "A[feature is home]"},
        {"steps": "A[list_price > 1]"},
        {"steps": "A", "segment": "s: user.plan is gold"},
        {"steps": "A", "group_by": "feature"},
    ],
    ids=["column", "JSON", "of the user", "grouped"],
)
def test_properties_that_some_event_has_are_not_doubted(table, definition):
    assert unknown(table, **definition) == []


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (
            {"steps": "A[Feature is home]"},
            "no event has the event property 'Feature'; it is (none). Did you mean 'feature'?",
        ),
        (
            {"steps": "A > B[listprice > 1]"},
            "no event has the event property 'listprice'; it is (none). Did you mean 'list_price'?",
        ),
        (
            {"steps": "A", "segment": "s: user.Plan is gold"},
            "no event has the user property 'Plan'; it is (none). Did you mean 'plan'?",
        ),
        ({"steps": "A", "group_by": "zzz"}, "no event has the event property 'zzz'; it is (none)."),
    ],
    ids=["column", "JSON", "of the user", "grouped"],
)
def test_a_property_that_no_event_has_is_named_with_what_is_near(table, definition, sentence):

    assert unknown(table, **definition) == [sentence]


def test_a_user_property_is_not_looked_for_among_those_of_events(table):
    assert len(unknown(table, steps="A[plan is gold]")) == 1


def test_a_property_that_is_used_twice_is_named_once(table):
    assert len(unknown(table, steps="A[zzz is 1] > B[zzz is 2]", group_by="zzz")) == 1


def test_a_property_record_may_hold_any_name(table):
    funnel = Funnel(
        steps=(Step((EventSelector("A"),)),), group_by=GroupBy((Property("'; DROP TABLE x"),))
    )
    assert "'; DROP TABLE x" in next(unknown_properties(funnel, table))


def test_an_excluded_event_that_nobody_did_is_named_with_what_is_near(tmp_path):
    funnel = Funnel(
        steps=(Step((EventSelector("A"),)), Step((EventSelector("B"),))),
        exclusions=(Exclusion((EventSelector("Refnd"),)),),
        segments=(Segment("often", performed=(Performed((EventSelector("Bought"),)),)),),
        inactive_events=("Pong",),
    )
    path = tmp_path / "events.jsonl"
    path.write_text(
        "".join(
            f'{{"user_id": "u", "event_type": "{name}", "time": 1700000000000}}\n'
            for name in ("A", "B", "Refund", "Ping")
        ),
        encoding="utf-8",
    )
    with open_events(path) as table:
        found = list(unknown_events(funnel, table))
    assert [one.partition(" was read")[0] for one in found] == [
        "no event of the type 'Refnd', which is excluded,",
        "no event of the type 'Bought', which is asked for by the segment 'often',",
        "no event of the type 'Pong', which is called inactive,",
    ]
    assert "Refund" in found[0]
    assert "Ping" in found[2]
