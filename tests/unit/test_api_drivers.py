"""`fk.drivers`: what is counted, by hand; what is refused; and how often it is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from drivers_calibration import World, ask

import funnelkit as fk
from funnelkit.errors import DataError, DefinitionError, UnsupportedError

NOON = datetime.fromisoformat("2024-05-02T12:00:00")


def table(text):
    """Users, seconds from noon, event types and properties, a line each."""
    rows = []
    for line in text.strip().splitlines():
        user, seconds, event_type, *properties = line.split()
        rows.append(
            {
                "user_id": None if user == "-" else user,
                "event_type": event_type,
                "event_time": NOON + timedelta(seconds=float(seconds)),
                "query": None,
                "cart": None,
                **dict(pair.split("=") for pair in properties),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def counts(result):
    """Return event: (units, events) of converters and of drop-offs."""
    return {
        row.event if row.value is None else (row.event, row.value): (
            (row.converters.units, row.converters.events),
            (row.drop_offs.units, row.drop_offs.events),
        )
        for row in result.rows
    }


SHOP = """
    u 0    View
    u 30   Search query=red
    u 40   Search query=blue
    u 90   Add
    u 95   Search
    v 0    View
    v 600  Search query=red
    v 3600 Look
    w 10   View
    w 3700 Search
    x 5    Search
    x 5    Look
"""


def test_events_count_while_their_unit_is_watched():
    result = fk.drivers(table(SHOP), steps="View > Add", window="1h")
    # u is watched until Add at 90, v and w for an hour: its last second counts, no later one.
    # x did not even enter.
    assert (result.converters, result.drop_offs) == (1, 2)
    assert counts(result) == {"Search": ((1, 2), (1, 1)), "Look": ((0, 0), (1, 1))}
    assert result.any_event.converters.events == 2
    assert result.any_event.drop_offs.units == 1


def test_hours_at_risk_are_those_in_which_an_event_would_count():
    result = fk.drivers(table(SHOP), steps="View > Add", window="1h", data_end="2024-05-03")
    # From the second after View on: u for 89 seconds, v and w for 3600 each.
    assert result.converter_hours == pytest.approx(89 / 3600)
    assert result.drop_off_hours == pytest.approx(2.0)
    assert result.drop_offs_cut == 0
    assert result.equal_times_seconds == 89
    (search,) = (row for row in result.rows if row.event == "Search")
    assert search.converters.per_hour == pytest.approx(2 / (89 / 3600))
    assert search.drop_offs.per_hour == pytest.approx(1 / 2)
    assert (search.converters.share, search.drop_offs.share) == (1.0, 0.5)


def test_the_data_end_with_the_last_event_unless_one_says_otherwise():
    events = table("u 0 View\n v 0 View\n v 10 Add\n w 100 Look")
    result = fk.drivers(events, steps="View > Add", window="1h")
    # u is watched from second 1 to the last event at 100.
    assert result.drop_offs_cut == 1
    assert result.drop_off_hours == pytest.approx((99 + 1e-6) / 3600)
    stated = fk.drivers(events, steps="View > Add", window="1h", data_end="2024-05-02T12:03:21")
    assert stated.drop_off_hours == pytest.approx(200 / 3600)
    assert stated.events.data_end == datetime.fromisoformat("2024-05-02T12:03:20.999999Z")


def test_events_in_the_second_of_either_step_are_not_in_between():
    events = table(
        """
        u 0.1  View
        u 0.9  Same
        u 1.0  After
        u 4.9  Before
        u 5.0  At
        u 5.2  Add
        """
    )
    assert counts(fk.drivers(events, steps="View > Add")) == {
        "After": ((1, 1), (0, 0)),
        "Before": ((1, 1), (0, 0)),
    }
    finer = fk.drivers(events, steps="View > Add", resolution="millisecond")
    assert set(counts(finer)) == {"Same", "After", "Before", "At"}


def test_the_chosen_conversion_decides_from_when_on_a_unit_is_watched():
    # Both entries convert; the first one is chosen. The second user is lost at his first entry.
    events = table(
        """
        u 0  View
        u 10 Look
        u 20 View
        u 30 Look
        u 40 Add
        v 0  View
        v 10 Look
        v 20 View
        """
    )
    result = fk.drivers(events, steps="View > Add", window="35s")
    assert counts(result) == {"Look": ((1, 1), (1, 1))}  # of u from second 20 on
    assert counts(fk.drivers(events, steps="View > Add", window="1h"))["Look"] == ((1, 2), (1, 1))


def test_drop_offs_reached_the_earlier_step_and_not_the_later_one():
    events = table(
        """
        u 0  View
        u 10 Look
        u 20 Add
        u 30 Look
        u 40 Buy
        v 0  View
        v 20 Add
        v 30 Look
        v 35 Chat
        w 0  View
        w 10 Look
        """
    )
    later = fk.drivers(events, steps="View > Add > Buy", between=(2, 3), window="1h")
    assert (later.converters, later.drop_offs) == (1, 1)
    assert counts(later) == {"Look": ((1, 1), (1, 1)), "Chat": ((0, 0), (1, 1))}
    whole = fk.drivers(events, steps="View > Add > Buy", between=(1, 3), window="1h")
    assert (whole.converters, whole.drop_offs) == (1, 2)
    assert counts(whole)["Look"] == ((1, 2), (2, 2))


def test_events_that_fit_the_steps_are_left_out_and_counted():
    events = table("u 0 View\n u 5 View\n u 7 Look\n u 9 Add\n v 0 View\n v 3 View query=red")
    result = fk.drivers(events, steps="View[query is (none)] > Add")
    assert counts(result) == {"Look": ((1, 1), (0, 0)), "View": ((0, 0), (1, 1))}
    assert result.step_events_left_out == 1


def test_events_that_are_excluded_between_the_steps_are_left_out():
    events = table("u 0 View\n u 9 Add\n v 0 View\n v 3 Quit\n v 4 Look\n v 5 Add")
    result = fk.drivers(events, steps="View > Add", exclude="Quit")
    assert counts(result) == {"Look": ((0, 0), (1, 1))}
    # Add of v, which the exclusion keeps from counting, is left out as well.
    assert result.step_events_left_out == 2


def test_values_of_a_property_are_told_apart():
    result = fk.drivers(table(SHOP), steps="View > Add", window="1h", by="query")
    assert counts(result) == {
        ("Search", "red"): ((1, 1), (1, 1)),
        ("Search", "blue"): ((1, 1), (0, 0)),
        ("Look", "(none)"): ((0, 0), (1, 1)),
    }
    assert result.any_event.drop_offs.units == 1


def test_with_a_held_property_an_event_counts_for_its_pair_only():
    events = table(
        """
        u 0  View cart=1
        u 0  View cart=2
        u 5  Look cart=1
        u 6  Look cart=2
        u 7  Look
        u 9  Add  cart=1
        """
    )
    result = fk.drivers(events, steps="View > Add", hold="cart")
    assert (result.converters, result.drop_offs) == (1, 1)
    assert counts(result) == {"Look": ((1, 1), (1, 1))}


def test_event_filters_and_missing_ids_take_events_out():
    events = table("u 0 View\n u 5 Look query=red\n u 6 Look\n - 6 Look\n u 9 Add")
    assert counts(fk.drivers(events, steps="View > Add")) == {"Look": ((1, 2), (0, 0))}
    filtered = fk.drivers(events, steps="View > Add", where_every_event="query is not red")
    assert counts(filtered) == {"Look": ((1, 1), (0, 0))}


def test_a_segment_and_a_period_choose_who_is_looked_at():
    events = table(
        "u 0 View query=red\n u 5 Look\n u 9 Add\n v 0 View\n v 5 Look\n v 9 Add\n"
        "w 90000 View query=red\n w 90005 Look\n w 90010 Add"
    )
    red = fk.drivers(events, steps="View > Add", segment="Red: query is red")
    assert (red.segment, red.converters, counts(red)["Look"][0]) == ("Red", 2, (2, 2))
    first_day = fk.drivers(events, steps="View > Add", to="2024-05-02")
    assert counts(first_day) == {"Look": ((2, 2), (0, 0))}


def test_the_nth_time_of_a_step_is_left_out_like_every_other_time():
    from funnelkit.model import EventSelector, HistoricalCount, Step

    steps = (
        Step((EventSelector("View"),)),
        Step((EventSelector("Add"),), historical_count=HistoricalCount("is", 2)),
    )
    events = table("u 0 View\n u 3 Add\n u 5 Look\n u 9 Add")
    result = fk.drivers(events, steps=steps, from_="2024-05-02", to="2024-05-02")
    assert result.converters == 1
    assert counts(result) == {"Look": ((1, 1), (0, 0))}
    assert result.step_events_left_out == 1


def test_the_best_evidence_comes_first_and_a_limit_leaves_out_the_rest():
    rows = []
    for number in range(60):
        rows += [f"c{number} 0 View", f"c{number} {100 + number} Add", f"d{number} 0 View"]
        rows += [f"c{number} {second} More" for second in range(10, 20)]
        rows += [f"{side}{number} 30 Same" for side in "cd"]
        rows += [f"d{number} {second} Less" for second in range(10, 15)]
    rows += ["d0 40 Rare"]
    events = table("\n".join(rows))
    result = fk.drivers(events, steps="View > Add", window="1h", limit=None)
    assert [(row.event, row.call) for row in result.rows] == [
        ("More", "more often"),
        ("Same", "no difference shown"),
        ("Less", "less often"),
        ("Rare", "too few"),
    ]
    assert (result.candidates, result.compared, result.rows_left_out) == (4, 3, 0)
    more, same, less, rare = result.rows
    assert more.ratio is None  # no drop-off did it: there is no upper end
    assert more.low > 5
    assert more.high is None
    assert less.ratio == 0
    assert same.ratio == pytest.approx(1, abs=0.01)
    assert same.low < 1 < same.high
    assert rare.adjusted_p is None
    assert result.any_event.p_value is not None
    assert result.any_event.adjusted_p is None
    limited = fk.drivers(events, steps="View > Add", window="1h", limit=1)
    assert [row.event for row in limited.rows] == ["More"]
    assert limited.rows_left_out == 3
    assert limited.rows[0] == more


def test_p_values_are_adjusted_for_all_candidates_that_are_compared():
    result = fk.drivers(World().events(1), steps="A > B", window="72h", limit=None)
    judged = [row for row in result.rows if row.p_value is not None]
    assert len(judged) == result.compared == 31
    by_p = sorted(judged, key=lambda row: row.p_value)
    assert by_p[0].adjusted_p <= by_p[0].p_value * 31 * (1 + 1e-9)
    assert by_p[-1].adjusted_p == pytest.approx(by_p[-1].p_value)
    assert all(row.adjusted_p >= row.p_value for row in judged)


@pytest.mark.parametrize(
    "definition",
    [{"order": "any"}, {"order": "exact"}, {"count_by": "totals"}, {"compare_event": "2: Look"}],
    ids=str,
)
def test_a_funnel_for_which_drivers_make_no_sense_is_refused(definition):
    with pytest.raises(UnsupportedError, match="drivers cannot be told: "):
        fk.drivers(table(SHOP), steps="View > Add", **definition)


def test_an_optional_step_is_refused():
    with pytest.raises(UnsupportedError, match="optional step"):
        fk.drivers(table(SHOP), steps="View > Look > Add", optional_step=2)


@pytest.mark.parametrize("between", [(2, 1), (0, 1), (1, 3), (1, 1)], ids=str)
def test_drivers_lie_between_two_steps_that_are_there(between):
    with pytest.raises(DefinitionError, match="between a step and a later one of the 2 steps"):
        fk.drivers(table(SHOP), steps="View > Add", between=between)


@pytest.mark.parametrize("between", ["1,2", (1,), (1, "2"), (True, 2), None], ids=repr)
def test_between_takes_two_numbers(between):
    with pytest.raises(DefinitionError, match="between takes two steps"):
        fk.drivers(table(SHOP), steps="View > Add", between=between)


def test_a_limit_of_nothing_and_several_segments_are_refused():
    with pytest.raises(DefinitionError, match="a limit is at least 1; got 0"):
        fk.drivers(table(SHOP), steps="View > Add", limit=0)
    with pytest.raises(DefinitionError, match="one segment at a time; got A, B"):
        fk.drivers(table(SHOP), steps="View > Add", segment=["A: query is red", "B: query is blue"])


def test_a_step_that_every_event_fits_leaves_nothing_to_compare():
    with pytest.raises(DefinitionError, match="no event is left"):
        fk.drivers(table(SHOP), steps="View > _all")


def test_no_events_are_refused():
    with pytest.raises(DataError, match="there is no event"):
        fk.drivers(table(SHOP).clear(), steps="View > Add")


def test_one_side_alone_is_counted_and_said_to_be_alone():
    result = fk.drivers(table("u 0 View\n u 5 Look"), steps="View > Add", window="1s")
    assert result.warnings[-1] == "there is no converter, so there is nobody to compare with"
    assert result.rows == ()
    result = fk.drivers(table("u 0 View\n u 5 Look\n u 9 Add"), steps="View > Add")
    assert result.warnings[-1] == "there is no drop-off, so there is nobody to compare with"
    assert counts(result) == {"Look": ((1, 1), (0, 0))}
    assert result.rows[0].drop_offs.share is None
    assert result.rows[0].call == "too few"


def test_an_unknown_property_is_named_with_what_is_near():
    result = fk.drivers(table(SHOP), steps="View > Add", by="qeury")
    assert "Did you mean 'query'?" in " ".join(result.warnings)


def test_groups_play_no_part_and_that_is_said():
    result = fk.drivers(table(SHOP), steps="View > Add", group_by="query")
    assert "the drivers are those of all groups together" in result.warnings
    assert result.funnel.group_by is None


def test_the_result_says_itself_in_one_line_as_json_and_as_a_frame():
    result = fk.drivers(table(SHOP), steps="View > Add", window="1h")
    assert repr(result) == (
        "DriversResult(steps 1 to 2: 1 converters, 2 drop-offs, 2 candidates, 0 done more often)"
    )
    content = result.to_dict()
    assert content["schema"] == "funnelkit.drivers/1"
    assert content["between"] == [1, 2]
    assert content["rows"][0]["converters"]["events"] == 2
    assert content["rows"][0]["call"] == "too few"
    frame = result.to_polars()
    assert frame.select("event", "converters_events", "drop_offs_units").rows() == [
        ("Search", 2, 1),
        ("Look", 0, 1),
    ]


# --- how often it is wrong: `tests/calibration/drivers_calibration.py` has more worlds ---------


def test_inert_events_are_not_called_drivers_and_a_true_one_is():
    calls = [ask(World(rate=0.02, burst=0.5, unevenness=0.5), seed) for seed in range(6)]
    judged = sum(call.judged for call in calls)
    assert judged == 180
    assert sum(call.nominal for call in calls) / judged < 0.08
    assert sum(call.any_call for call in calls) <= 1
    assert sum(call.found for call in calls) >= 5
    # Right after the step everybody does more, and converters are watched then only: compared
    # without regard to time, every inert event would be a driver.
    assert sum(call.crude for call in calls) / judged > 0.9
