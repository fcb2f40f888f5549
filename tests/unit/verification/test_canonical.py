"""What two definitions say is compared, not how they are written."""

import pytest

import funnelkit as fk
from funnelkit.specs.define import define
from funnelkit.verification.canonical import differences, same_zone
from funnelkit.verification.definition import definition_of

STEPS = "View[a is 1 and b in (x, y)] > Add | Buy[c is z] > Pay"
BASE = {
    "steps": STEPS,
    "window": "7d",
    "timezone": "America/Los_Angeles",
    "segment": ["paid: user.plan in (plus, pro) and a > 1 and performed(Open | Close) >= 2"],
    "exclude": ["Leave | Quit", "Sleep between 1 and 2"],
    "hold": ["p", "q"],
    "inactive": ["Ping", "Pong"],
    "where_every_event": "d is 1 and e is 2",
    "exclude_weekday": "saturday, sunday",
    "from_": "2026-05-01",
}
SAME = {
    "filters of a step": {"steps": "View[b in (x, y) and a is 1] > Add | Buy[c is z] > Pay"},
    "values of a filter": {"steps": "View[a is 1 and b in (y, x)] > Add | Buy[c is z] > Pay"},
    "a value twice": {"steps": "View[a is 1 and b in (x, y, x)] > Add | Buy[c is z] > Pay"},
    "a filter twice": {
        "steps": "View[a is 1 and b in (x, y) and a is 1] > Add | Buy[c is z] > Pay"
    },
    "events of which any will do": {
        "steps": "View[a is 1 and b in (x, y)] > Buy[c is z] | Add > Pay"
    },
    "an event twice": {"steps": "View[a is 1 and b in (x, y)] > Buy[c is z] | Add | Add > Pay"},
    "another name of the zone": {"timezone": "US/Pacific"},
    "conditions of a segment": {
        "segment": ["paid: performed(Close | Open) >= 2 and a > 1 and user.plan in (pro, plus)"]
    },
    "excluded events": {"exclude": ["Sleep between 1 and 2", "Quit | Leave"]},
    "held properties": {"hold": ["q", "p"]},
    "inactive events": {"inactive": ["Pong", "Ping", "Ping"]},
    "filters of every event": {"where_every_event": "e is 2 and d is 1"},
    "weekdays": {"exclude_weekday": "sunday, saturday"},
    "a window in hours": {"window": "168h"},
}
OTHER = {
    "order of steps": (
        {"steps": "Pay > Add | Buy[c is z] > View[a is 1 and b in (x, y)]"}, "steps",
    ),
    "a value less": ({"steps": "View[a is 1 and b in (x)] > Add | Buy[c is z] > Pay"}, "steps"),
    "a filter elsewhere": (
        {"steps": "View[b in (x, y)] > Add | Buy[c is z] > Pay[a is 1]"}, "steps",
    ),
    "a filter of the other event": (
        {"steps": "View[a is 1 and b in (x, y)] > Add[c is z] | Buy > Pay"}, "steps",
    ),
    "another zone": ({"timezone": "America/Denver"}, "timezone"),
    "a zone that was the same for some years": ({"timezone": "Europe/Berlin"}, "timezone"),
    "name of a segment": (
        {"segment": ["free: user.plan in (plus, pro) and a > 1 and performed(Open | Close) >= 2"]},
        "segments",
    ),
    "where it excludes": ({"exclude": ["Leave | Quit", "Sleep"]}, "exclude"),
}  # fmt: skip


def definition(**changes):
    return definition_of(define(**{**BASE, **changes}))


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_definitions_that_differ_only_in_how_they_are_written_do_not_differ(changes):
    assert [*differences(definition(), definition(**changes))] == []


@pytest.mark.parametrize(("changes", "key"), OTHER.values(), ids=OTHER)
def test_definitions_that_may_give_other_numbers_differ(changes, key):
    assert [*differences(definition(), definition(**changes))] == [key]


def test_the_order_of_grouping_properties_is_part_of_a_definition_for_it_names_the_groups():
    before = definition(group_by=["p", "q"])
    assert [*differences(before, definition(group_by=["q", "p"]))] == ["group_by"]


def test_segments_are_told_apart_by_their_names_in_any_order():
    two = ["one: a is 1", "two: a is 2"]
    assert [*differences(definition(segment=two), definition(segment=two[::-1]))] == []
    renamed = ["two: a is 1", "one: a is 2"]
    assert [*differences(definition(segment=two), definition(segment=renamed))] == ["segments"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("UTC", "Etc/UTC"),
        ("UTC", "GMT"),
        ("Asia/Kolkata", "Asia/Calcutta"),
        ("Japan", "Asia/Tokyo"),
    ],
)
def test_zones_with_two_names_are_one(one, other):
    assert same_zone(one, other)
    assert same_zone(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("UTC", "Europe/London"),
        ("America/New_York", "America/Havana"),
        ("Europe/Berlin", "Africa/Tunis"),
        ("America/Phoenix", "America/Denver"),
        ("Europe/Moscow", "Europe/Istanbul"),
    ],
)
def test_zones_whose_clocks_once_differed_are_two(one, other):
    assert not same_zone(one, other)


def test_a_definition_that_cannot_be_read_is_compared_as_it_is_written():
    one = {"steps": ["A", "B"], "window": "1d", "from_the_future": 1}
    assert [*differences(one, {**one, "window": "2d"})] == ["window"]
    assert [*differences(one, dict(one))] == []


def test_both_spellings_give_the_same_numbers(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "user_id,event_type,event_time,a,b,c,d,e,p,q\n"
        "u,View,2026-05-04T10:00:00,1,x,,1,2,P,Q\n"
        "u,Buy,2026-05-04T10:00:01,1,,z,1,2,P,Q\n"
        "u,Pay,2026-05-04T10:00:02,,,,1,2,P,Q\n"
        "v,View,2026-05-04T10:00:00,1,y,,1,2,P,R\n"
        "w,View,2026-05-04T10:00:00,1,z,,1,2,P,R\n"
    )
    base = {key: value for key, value in BASE.items() if key != "segment"}
    expected = fk.report(path, **base).counts
    assert expected == (2, 1, 1)
    for changes in SAME.values():
        if "segment" not in changes:
            assert fk.report(path, **{**base, **changes}).counts == expected
