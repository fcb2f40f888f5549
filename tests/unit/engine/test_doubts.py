"""Names that the data do not know are named, with what is near."""

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest

from funnelkit.engine.doubts import doubts, event_types, strangers, undone_steps, unknown_events
from funnelkit.engine.missing import unknown_properties
from funnelkit.events.sources import open_events
from funnelkit.model import (
    ANY_EVENT,
    Cohort,
    EventSelector,
    Exclusion,
    Funnel,
    GroupBy,
    Performed,
    Property,
    Segment,
    Settings,
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


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Views and buys of a product on May 2, searches without one, and one buy on May 20."""
    path = tmp_path_factory.mktemp("shop") / "events.parquet"
    days = [NOON, NOON, NOON, NOON + timedelta(days=18)]
    pl.DataFrame(
        {
            "user_id": ["ann", "ann", "bob", "bob"],
            "event_type": ["View", "Search", "View", "Buy"],
            "event_time": days,
            "product": ["1", None, "2", "2"],
            "user_properties": ['{"plan": "gold", "color": "red"}'] * 4,
            "groups": ['{"company": "k"}'] * 4,
        }
    ).write_parquet(path)
    with open_events(path) as opened:
        yield opened


def doubted(table, *, seen=(True, True), **definition):
    return [*doubts(define(**definition), table, seen)]


def in_segment(segment):
    return Funnel(steps=define(steps="View > Buy").steps, segments=(segment,))


def test_an_excluded_event_without_the_held_property_excludes_nothing(shop):
    definition = {"steps": "View > Buy", "hold": "product", "exclude": "Search | View"}
    assert doubted(shop, **definition) == [
        "no 'Search' event has 'product', so with it held it excludes nothing"
    ]


def test_where_a_missing_value_is_held_as_a_value_the_excluded_event_counts(shop):
    funnel = define(steps="View > Buy", hold="product", exclude="Search")
    funnel = replace(funnel, settings=Settings(hold_missing="a value"))
    assert [*doubts(funnel, shop, (True, True))] == []


def test_an_excluded_event_whose_filter_asks_for_what_it_never_has_excludes_nothing(shop):
    found = doubted(shop, steps="View > Buy", exclude="Search[product is 1]")
    assert found == ["no 'Search' event has 'product', so it excludes nothing"]


def test_an_excluded_event_that_must_lack_a_property_is_not_doubted(shop):
    for test in ("product is (none)", "product is not 1"):
        assert doubted(shop, steps="View > Buy", exclude=f"Search[{test}]") == []


def test_a_performed_event_that_can_never_be_is_doubted(shop):
    found = doubted(shop, steps="View > Buy", segment="s: performed(Search[product is 1]) >= 1")
    assert found == ["no 'Search' event has 'product', which is asked for by the segment 's'"]


def test_a_performed_event_need_not_have_what_is_held(shop):
    found = doubted(shop, steps="View > Buy", hold="product", segment="s: performed(Search) >= 1")
    assert found == []


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ({"steps": "View > Search", "hold": "product"}, "'product', which is held"),
        ({"steps": "View > Search", "unit": "product"}, "'product', which is what is counted"),
        ({"steps": "View > Search[product is 1]"}, "'product', for which the step asks"),
    ],
    ids=["held", "counted", "filtered"],
)
def test_a_step_that_nobody_can_do_names_the_property_that_is_not_there(shop, definition, reason):
    found = doubted(shop, seen=(True, False), **definition)
    assert found == [f"step 2: no 'Search' event has {reason}"]


@pytest.mark.parametrize(
    "dates",
    [{"from_": "2020-08-05", "to": "2020-08-10"}, {"from_": "2020-03-01", "to": "2020-03-02"}],
    ids=["after", "before"],
)
def test_dates_outside_the_data_are_all_that_is_said_of_the_steps(shop, dates):
    assert doubted(shop, seen=(False, False), steps="View > Buy", **dates) == [
        (
            f"the dates {dates['from_']}..{dates['to']} lie outside the data; "
            "the data runs from 2020-05-02T12:00:00 to 2020-05-20T12:00:00 UTC"
        )
    ]


def test_a_step_that_was_done_only_at_other_times_is_said_to_lie_outside_the_dates(shop):
    dates = {"from_": "2020-05-02", "to": "2020-05-03", "window": "1d"}
    assert doubted(shop, seen=(True, False), steps="View > Buy", **dates) == [
        "step 2: 'Buy' events lie outside the dates: they happened at 2020-05-20T12:00:00 UTC"
    ]


def test_a_step_within_the_dates_that_nobody_did_is_not_said_to_lie_outside(shop):
    found = doubted(shop, seen=(True, False), steps="View > Buy[product is 9]", from_="2020-05-02")
    assert found == ["step 2: nobody did 'Buy' as the step asks"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("plan", "user.plan"),
        ("Company", "group.company"),
        ("grop.company", "group.company"),
        ("user.product", "the event property 'product'"),
        ("usr.plan", "user.plan"),
    ],
)
def test_a_property_of_another_scope_is_near(shop, said, hint):
    (found,) = doubted(shop, steps="View > Buy", group_by=said)
    assert found.endswith(f"Did you mean {hint}?")


def test_the_same_name_of_another_scope_goes_before_a_similar_one_of_the_same(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"user_id": "u", "event_type": "A", "time": 1700000000000, '
        '"event_properties": {"planet": 1}, "user_properties": {"plan": 1}}\n',
        encoding="utf-8",
    )
    with open_events(path) as table:
        (found,) = unknown(table, steps="A", group_by="plan")
    assert found.endswith("Did you mean user.plan or 'planet'?")


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ("x,1\ny,2\n", "none of the 2 ids of {} is in the events (the first is 'x,1')"),
        ("zoe\n", "the only id of {} is not in the events ('zoe')"),
    ],
    ids=["several", "one"],
)
def test_a_cohort_of_whom_nobody_is_in_the_events_is_doubted(shop, tmp_path, ids, sentence):
    path = tmp_path / "coh.csv"
    path.write_text(ids, encoding="utf-8")
    segment = Segment("s", cohorts=(Cohort(str(path)),))
    assert [*strangers(in_segment(segment), shop)] == [sentence.format(path)]


@pytest.mark.parametrize("ids", ["zoe\nann\n", "user_id,steps\nann,1\n"], ids=["lines", "CSV"])
def test_a_cohort_with_somebody_of_the_events_is_not_doubted(shop, tmp_path, ids):
    path = tmp_path / "coh.csv"
    path.write_text(ids, encoding="utf-8")
    segment = Segment("s", cohorts=(Cohort(str(path)),))
    assert [*strangers(in_segment(segment), shop)] == []
