"""`fk.report`: what may be asked, and what comes with the answer."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.api import resolve
from funnelkit.model import EventSelector, Filter, Property, Segment, Step

NOON = datetime.fromisoformat("2020-05-02T12:00:00")
EVENTS = """
    u 0   View feature=home plan=pro
    u 10  Add
    u 70  Buy
    v 0   View feature=search plan=free
    v 30  Add
    w 0   View plan=pro
    w 90000 View feature=home plan=free
    w 90010 Add
"""


@pytest.fixture(scope="module")
def events():
    """Users, seconds from noon and events, as they stand above."""
    rows = []
    for line in EVENTS.strip().splitlines():
        user, seconds, event_type, *properties = line.split()
        rows.append(
            {
                "user_id": user,
                "event_type": event_type,
                "event_time": NOON + timedelta(seconds=int(seconds)),
                "feature": None,
                "plan": None,
                **dict(pair.split("=") for pair in properties),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def counts(events, **definition):
    return fk.report(events, **{"steps": "View > Add > Buy", **definition}).counts


def test_steps_are_one_text_or_several_or_records(events):
    records = [Step((EventSelector(name),)) for name in ("View", "Add", "Buy")]
    for steps in ("View > Add > Buy", ["View", "Add", "Buy"], records):
        assert counts(events, steps=steps) == (3, 3, 1)


def test_where_filters_step_1_unless_it_names_another(events):
    assert counts(events, where="feature is home") == (2, 2, 1)
    assert counts(events, where=["feature is home", "plan is pro"]) == (1, 1, 1)
    assert counts(events, where="2: feature is (none)") == (3, 3, 1)
    assert counts(events, where="2: feature is home") == (3, 0, 0)
    assert counts(events, where_every_step="feature is (none)") == (1, 1, 0)


def test_the_range_binds_step_1_only(events):
    assert counts(events, from_="2020-05-02", to="2020-05-02") == (3, 3, 1)
    assert counts(events, from_="2020-05-02", to="2020-05-02", window="1h") == (3, 2, 1)
    assert counts(events, from_=date(2020, 5, 3)) == (1, 1, 0)
    assert counts(events, from_=NOON + timedelta(days=1)) == (1, 1, 0)


def test_the_range_is_one_of_days_in_the_zone(events):
    assert counts(events, to="2020-05-02") == (3, 3, 1)
    assert counts(events, to="2020-05-03", timezone="Pacific/Auckland") == (3, 3, 1)
    assert counts(events, to="2020-05-02", timezone="Pacific/Auckland") == (0, 0, 0)


def test_the_window_limits_the_time_to_the_last_step(events):
    assert counts(events, window="70s") == (3, 3, 1)
    assert counts(events, window="69s") == (3, 3, 0)
    assert counts(events, window=timedelta(seconds=10)) == (3, 2, 0)


def test_times_come_with_the_counts(events):
    (series,) = fk.report(events, steps="View > Add > Buy", window="1h", to="2020-05-02").segments
    assert [step.average_seconds for step in series.steps] == [None, 20, 60]
    assert [step.median_seconds for step in series.steps] == [None, 20, 60]
    assert series.average_seconds == 70


def test_everybody_is_one_series_and_segments_are_one_each(events):
    assert [s.name for s in fk.report(events, steps="View").segments] == ["all users"]
    assert [s.name for s in fk.report(events, steps="View", unit="session").segments] == [
        "all sessions"
    ]
    found = fk.report(
        events,
        steps="View > Add",
        segment=[
            "pro: plan is pro",
            Segment("free", (Filter(Property("plan"), "is", ("free",)),)),
            Segment("all"),
        ],
    )
    assert [(s.name, s.counts) for s in found.segments] == [
        ("pro", (2, 2)),
        ("free", (2, 2)),
        ("all", (3, 3)),
    ]


def test_groups_stand_inside_their_segment(events):
    (series,) = fk.report(events, steps="View > Add", group_by="feature", window="1h").segments
    assert [(group.name, group.counts) for group in series.groups] == [
        ("home", (2, 2)),
        ("search", (1, 1)),
    ]


def test_groups_that_are_left_out_are_a_warning():
    crowd = pl.DataFrame(
        {
            "user_id": [f"u{n}" for n in range(103)],
            "event_type": ["View"] * 103,
            "event_time": [NOON] * 103,
            "page": [f"/{n:03}" for n in range(103)],
        }
    )
    found = fk.report(crowd, steps="View", group_by="page")
    assert found.segments[0].groups_left_out == 3
    assert found.warnings == ("all users: the 100 largest groups are shown, 3 are left out",)


def test_what_was_read_is_said(events):
    read = fk.report(events, steps="View > Add").events
    assert (read.events, read.user_column) == (8, "user_id")
    assert (read.step_one_events, read.share_without_user_id) == (4, 0.0)


def test_a_file_is_named_as_the_source(events, tmp_path):
    path = tmp_path / "some events.parquet"
    events.write_parquet(path)
    assert fk.report(path, steps="View").events.source == str(path)
    assert fk.report([path, path], steps="View").counts == (3,)


def test_doubts_are_warnings_and_guesses_are_notes(events):
    other = events.rename({"user_id": "uid"})
    found = fk.report(other, steps="View > add[featur is home]", columns={"user": "uid"})
    assert found.counts == (3, 0)
    assert [warning.split(".")[0] for warning in found.warnings] == [
        "step 2: no event of the type 'add' was read",
        "no event has the event property 'featur'; it is (none)",
    ]


def test_a_named_funnel_is_taken_from_its_file_and_arguments_change_it(events, tmp_path):
    path = tmp_path / "funnels.toml"
    path.write_text(
        '[funnels.purchase]\nsteps = "View > Add > Buy"\nwindow = "10s"\nexpect = [3, 2, 0]\n'
    )
    name = f"{path}:purchase"
    assert fk.report(events, funnel=name).counts == (3, 2, 0)
    changed = fk.report(events, funnel=name, window="70s", where="feature is home")
    assert changed.counts == (2, 2, 1)
    assert changed.funnel.name == "purchase"
    assert resolve(name)[2] == (3, 2, 0)


def test_a_funnel_record_is_taken_as_it_is(events):
    funnel = fk.Funnel(steps=(Step((EventSelector("View"),)),), window=timedelta(days=1))
    found = fk.report(events, funnel=funnel)
    assert found.funnel == funnel
    assert resolve(funnel) == (funnel, None, None)


def test_no_events_have_no_conversion(events):
    found = fk.report(events.clear(), steps="View > Add")
    assert (found.counts, found.conversion) == ((0, 0), None)
    assert len(found.warnings) == 2


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({}, "a funnel needs steps"),
        ({"steps": []}, "steps"),
        ({"steps": "View", "unit": "users"}, "Did you mean 'user'"),
        ({"steps": "View", "timezone": "Mars"}, "unknown time zone 'Mars'"),
        ({"steps": "View", "where": "9: a is b"}, "9"),
        ({"steps": "View", "segment": ["a: x is 1", "a: x is 2"]}, "the same name"),
        ({"steps": "View", "funnel": "nowhere.toml:a"}, "nowhere.toml"),
    ],
)
def test_a_wrong_definition_is_refused_before_anything_is_read(definition, words):
    with pytest.raises(fk.DefinitionError) as raised:
        fk.report("there is no such file", **definition)
    assert words in str(raised.value)


def test_events_that_are_not_there_are_a_data_error():
    with pytest.raises(fk.DataError, match=r"nowhere\.parquet"):
        fk.report("nowhere.parquet", steps="View")


def test_public_names_are_listed_and_others_are_not_there():
    assert set(fk.__all__) <= set(dir(fk))
    assert all(getattr(fk, name) is not None for name in fk.__all__)
    with pytest.raises(AttributeError, match="no attribute 'reprot'"):
        fk.reprot  # noqa: B018
