"""Expected counts are exact, one per step, and leave nothing to a default."""

import json
from datetime import datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.errors import CheckFailed, DefinitionError
from funnelkit.model import EventSelector, Funnel, GroupBy, Property, Segment, Step
from funnelkit.verification.expectation import expected_counts

NOON = datetime.fromisoformat("2020-05-02T12:00:00")
FUNNEL = Funnel(
    steps=tuple(Step((EventSelector(name),)) for name in "ABC"), window=timedelta(days=1)
)


@pytest.fixture(scope="module")
def events():
    """Three users: one comes to C, one to B, one only to A."""
    happened = [("u", "A"), ("u", "B"), ("u", "C"), ("v", "A"), ("v", "B"), ("w", "A")]
    return pl.DataFrame(
        {
            "user_id": [user for user, _ in happened],
            "event_type": [name for _, name in happened],
            "event_time": [NOON + timedelta(seconds=n) for n in range(6)],
        }
    )


def verify(events, expect, **options):
    return fk.verify(events, **{"steps": "A > B > C", "window": "1d", **options}, expect=expect)


@pytest.mark.parametrize(
    "expect", ["3, 2, 1", "3,2,1", " 3 > 2 > 1 ", "3,\n2, 1", (3, 2, 1), [3, 2, 1]]
)
def test_counts_are_read_as_people_write_them(expect):
    assert expected_counts(expect, FUNNEL) == (3, 2, 1)


def test_an_underscore_parts_thousands():
    assert expected_counts("1_177, 638, 448", FUNNEL) == (1177, 638, 448)


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("3, 2", "3 steps have 3 counts, not 2"),
        ("3, 2, 1, 0", "3 steps have 3 counts, not 4"),
        ("3, 2, many", "got 'many'"),
        ("3, 2, ", "got ''"),
        ("3, 2, 1.0", "got '1.0'"),
        ("3, 2, -1", "got '-1'"),
        ("3, 2, \N{ARABIC-INDIC DIGIT ONE}", "whole numbers"),
        ("3, 2, 1e3", "got '1e3'"),
        ("", "got ''"),
        ("3, 4, 1", "step 2 with 4 follows 3"),
        ((1, 0, -1), "a count is not negative; got -1"),
        ((), "3 steps have 3 counts, not 0"),
    ],
)
def test_what_no_funnel_can_have_is_refused(expect, words):
    with pytest.raises(DefinitionError) as raised:
        expected_counts(expect, FUNNEL)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"window": None}, "a verification states its window"),
        ({"group_by": GroupBy((Property("plan"),))}, "one series: no --group-by"),
        ({"segments": (Segment("a"), Segment("b"))}, "at most one segment"),
    ],
)
def test_a_definition_that_leaves_something_open_is_refused(changed, words):
    from dataclasses import replace

    with pytest.raises(DefinitionError, match=words):
        expected_counts("3, 2, 1", replace(FUNNEL, **changed))


def test_counts_that_hold_are_ok(events):
    found = verify(events, "3, 2, 1")
    assert found.ok
    assert found.differing_steps == ()
    assert repr(found) == "Verification(ok: expected (3, 2, 1), found (3, 2, 1))"
    found.raise_if_failed()


def test_counts_that_differ_by_one_fail_and_are_named(events):
    found = verify(events, (4, 2, 0))
    assert not found.ok
    assert found.differing_steps == (1, 3)
    assert "differs at step (1, 3)" in repr(found)
    with pytest.raises(CheckFailed, match="the counts differ at step 1, 3"):
        found.raise_if_failed()


def test_the_verdict_is_plain_json(events):
    found = verify(events, (4, 2, 0)).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["schema"] == "funnelkit.verify/1"
    assert (found["ok"], found["differing_steps"]) == (False, [1, 3])
    assert (found["expected"], found["found"]) == ([4, 2, 0], [3, 2, 1])
    assert found["report"]["segments"][0]["steps"][2]["count"] == 1


def test_the_frame_says_by_how_much_each_step_differs(events):
    assert verify(events, (4, 2, 0)).to_polars().rows() == [
        (1, "A", 4, 3, -1),
        (2, "B", 2, 2, 0),
        (3, "C", 0, 1, 1),
    ]


def test_html_says_the_verdict_and_shows_names_to_the_letter(events):
    renamed = events.with_columns(pl.col("event_type").replace("C", "<i>"))
    html = verify(renamed, (3, 2, 0), steps='A > B > "<i>"')._repr_html_()
    assert "<caption>the counts differ</caption>" in html
    assert "<td>&lt;i&gt;</td><td>0</td><td>1</td>" in html
    assert "<caption>ok</caption>" in verify(events, (3, 2, 1))._repr_html_()


def test_one_segment_may_be_verified(events):
    found = verify(events, "3, 2, 1", segment="everybody: feature is (none)")
    assert found.ok


def test_without_a_window_nothing_is_read():
    with pytest.raises(DefinitionError, match="states its window"):
        fk.verify("nowhere.parquet", steps="A", expect="1")


def test_without_an_expectation_there_is_nothing_to_verify(events):
    with pytest.raises(DefinitionError, match="nothing is expected: give --expect"):
        verify(events, None)


def test_the_funnel_file_says_what_is_expected_and_an_argument_comes_first(events, tmp_path):
    path = tmp_path / "funnels.toml"
    path.write_text('[funnels.f]\nsteps = "A > B > C"\nwindow = "1d"\nexpect = [3, 2, 1]\n')
    assert fk.verify(events, funnel=f"{path}:f").ok
    assert fk.verify(events, funnel=f"{path}:f", expect="3, 2, 0").differing_steps == (3,)
