"""What each picture holds: the numbers of the report, and every name to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.charts.theme import CONFIG, DARK
from funnelkit.errors import DefinitionError

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
AWKWARD = "x.y[0] <b>&'\"\\ 商品 {datum.z}"


def events(*rows):
    """Return a frame of (user, minutes after the start, event type, plan)."""
    users, minutes, types, plans = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "user_id": users,
            "event_time": [START + timedelta(minutes=m) for m in minutes],
            "event_type": types,
            "plan": plans,
        }
    )


THREE = events(
    ("u1", 0, "A", "free"),
    ("u1", 5, "B", "free"),
    ("u2", 0, "A", "pro"),
    ("u3", 1440, "A", "pro"),
    ("u3", 1450, "B", "pro"),
)


def texts(spec):
    """Return every text that a spec writes, lines joined."""
    found = []
    if isinstance(spec, dict):
        field = spec.get("encoding", {}).get("text", {}).get("field")
        for value in spec.get("data", {}).get("values", []) if field else []:
            said = value[field]
            found.append(said if isinstance(said, str) else " ".join(said))
        for word in ("text", "subtitle"):
            if isinstance(said := spec.get("title", {}), dict) and word in said:
                found += said[word]
        for part in spec.values():
            found += texts(part)
    elif isinstance(spec, list):
        for part in spec:
            found += texts(part)
    return found


def values(spec):
    """Return all data of a spec."""
    if isinstance(spec, dict):
        own = spec["data"]["values"] if isinstance(spec.get("data"), dict) else []
        return [*own, *(v for part in spec.values() for v in values(part))]
    return [v for part in spec for v in values(part)] if isinstance(spec, list) else []


def test_a_funnel_shows_counts_shares_losses_and_times():
    chart = fk.report(THREE, steps="A > B").chart()
    said = texts(chart.spec)
    assert chart.title == "66.7 % converted, 2 of 3 users"
    assert {"100 %", "66.7 %", "3", "2", "1", "7m 30s", "1 A", "2 B"} <= set(said)
    parts = [(v["part"], v["count"], v["low"]) for v in values(chart.spec) if "part" in v]
    assert parts == [
        ("got this far", 3, 0),
        ("got this far", 2, 0),
        ("lost since the step before", 1, pytest.approx(2 / 3)),
    ]


def test_one_step_and_nobody_are_funnels_too():
    one = fk.report(THREE, steps="A").chart()
    assert one.title == "3 users did step 1"
    nobody = fk.report(THREE, steps="A[plan is none_such] > B").chart()
    assert nobody.title == "No users did step 1"
    assert {"0", "–"} <= set(texts(nobody.spec))


def test_names_are_values_and_never_paths_or_markup():
    frame = events(("u1", 0, AWKWARD, "a.b[0]"), ("u1", 1, "B", "a.b[0]"))
    step = fk.Step((fk.EventSelector(AWKWARD),))
    result = fk.report(frame, steps=[step, fk.Step((fk.EventSelector("B"),))], group_by="plan")
    chart = result.chart()
    assert f"1 {AWKWARD}" in texts(chart.spec)
    assert "a.b[0]" in texts(chart.spec)
    paths = json.dumps(fields(chart.spec))
    assert "x.y" not in paths
    assert "a.b" not in paths


def fields(spec):
    """Return every name of a field, and every expression, in a spec."""
    if isinstance(spec, dict):
        own = [spec[k] for k in ("field", "labelExpr", "test", "condition") if k in spec]
        return own + [f for k, part in spec.items() if k != "data" for f in fields(part)]
    return [f for part in spec for f in fields(part)] if isinstance(spec, list) else []


def test_long_names_stand_in_a_list_below():
    name = "a very long name of an event " * 10
    frame = events(("u1", 0, name.strip(), "x"), ("u1", 1, "B", "x"))
    steps = [fk.Step((fk.EventSelector(e),)) for e in (name.strip(), *"BCDEFGHIJKL")]
    said = texts(fk.report(frame, steps=steps).chart().spec)
    assert name.strip() in said
    assert "Step 12" in said


def test_segments_stand_side_by_side_with_a_colour_each():
    segments = ["free: plan is free", "pro: plan is pro"]
    chart = fk.report(THREE, steps="A > B", segment=segments).chart()
    assert chart.title == "free 100 %; pro 50.0 %"
    bars = [(v["series"], v["words"]) for v in values(chart.spec) if "words" in v]
    assert ("pro", "50.0 % · 1") in bars


def test_every_view_that_was_asked_for_is_drawn():
    asked = {"interval": "day", "time_to_convert": True, "by_age": True, "frequency": True}
    result = fk.report(THREE, steps="A > B", window="12h", group_by="plan", **asked)
    assert len(result.chart().spec["vconcat"]) == 6
    for view in ("steps", "groups", "intervals", "time_to_convert", "frequency", "by_age"):
        assert "vconcat" not in result.chart(view).spec or view == "intervals"


def test_incomplete_intervals_are_dotted():
    result = fk.report(THREE, steps="A > B", window="12h", interval="day")
    points = [v for v in values(result.chart("intervals").spec) if "complete" in v]
    complete = {v["interval"]: v["complete"] for v in points}
    assert complete == {"2026-05-01": True, "2026-05-02": False}
    lines = result.chart("intervals").spec["vconcat"][0]["layer"][0]
    dash = lines["encoding"]["strokeDash"]["scale"]
    assert dash["domain"] == [True, False]
    assert dash["range"][0] == [1, 0]
    assert [v["interval"] for v in lines["data"]["values"]] == ["2026-05-02"]


def test_a_view_that_was_not_asked_for_is_refused():
    result = fk.report(THREE, steps="A > B")
    with pytest.raises(DefinitionError, match="no view 'by_age': it was not asked for"):
        result.chart("by_age")
    with pytest.raises(DefinitionError, match="Did you mean 'intervals'"):
        result.chart("interval")


def test_an_earlier_period_stands_beside_the_report():
    dates = {"from_": "2026-05-02", "to": "2026-05-02"}
    result = fk.report(THREE, steps="A > B", compare_to="previous", **dates)
    chart = result.chart("compared_to")
    assert chart.title == "+50.0 points: all users beside [Previous] all users"
    assert "2 B: +50.0 points" in texts(chart.spec)


def test_a_comparison_shows_both_sides_and_the_lift_with_its_interval():
    frame = events(
        *((f"a{k}", k, "A", "x") for k in range(40)),
        *((f"a{k}", 60 + k, "B", "x") for k in range(10)),
        *((f"b{k}", 2880 + k, "A", "x") for k in range(40)),
        *((f"b{k}", 2940 + k, "B", "x") for k in range(20)),
    )
    result = fk.compare(
        frame, steps="A > B", window="1h", baseline="2026-05-01..2026-05-01",
        against="2026-05-03..2026-05-03", data_end="2026-05-05",
    )  # fmt: skip
    chart = result.chart()
    said = texts(chart.spec)
    lift = result.lift
    assert chart.title.startswith("+25.0 points: 25.0 % baseline, 50.0 % against")
    low, high = (f"{100 * bound:+.1f}" for bound in lift.interval)
    assert f"+25.0 ({low} to {high})" in said
    assert {"25.0 % · 10", "50.0 % · 20"} <= set(said)
    assert any(result.sentence.startswith(words[:40]) for words in said)


def test_a_trace_shows_what_filled_which_step():
    frame = events(
        ("u1", 0, "A", "x"), ("u1", 1, "C", "x"), ("u1", 2, "A", "x"), ("u1", 5, "B", "x")
    )
    chart = fk.trace(frame, user="u1", steps="A > B").chart()
    assert chart.title == "user_id u1: counts as a user in steps 1 to 2: converted"
    dots = next(one for one in chart.spec["layer"] if one["mark"].get("type") == "point")
    kinds = [value["kind"] for value in values(dots)]
    assert kinds == ["filled the step", "fits the step", "filled the step"]
    assert {"A", "B", "C", "2026-05-01 12:05:00"} <= set(texts(chart.spec))


def test_a_long_trace_puts_together_what_fits_no_step():
    rows = [("u1", k, "C", "x") for k in range(200)]
    frame = events(("u1", -1, "A", "x"), *rows, ("u1", 300, "B", "x"))
    said = texts(fk.trace(frame, user="u1", steps="A > B").chart().spec)
    assert "… 200 events that fit no step" in said


def colours(spec):
    """Return every colour in a spec."""
    if isinstance(spec, str):
        return {spec} if spec.startswith("#") else set()
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ()
    return set().union(*map(colours, parts))


def test_every_colour_has_a_counterpart_in_the_dark():
    asked = {"interval": "day", "time_to_convert": True, "by_age": True, "group_by": "plan"}
    chart = fk.report(THREE, steps="A > B", **asked).chart()
    assert colours(chart.spec) <= set(DARK)
    assert colours(chart.in_theme("dark")) <= set(DARK.values())


def contrast(one, other):
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_series_can_be_told_from_the_paper(theme):
    from funnelkit.charts.theme import INK, MUTED, PAPER, SERIES, in_theme

    paper = in_theme(PAPER, theme)
    assert all(contrast(in_theme(c, theme), paper) >= 4.5 for c in (INK, MUTED))
    assert all(contrast(in_theme(c, theme), paper) >= 3 for c in SERIES)
    assert CONFIG["background"] == PAPER


def test_an_optional_step_makes_two_funnels_below_each_other():
    two_ways = events(
        ("u1", 0, "A", "x"), ("u1", 1, "B", "x"), ("u1", 2, "C", "x"),
        ("u2", 0, "A", "x"), ("u2", 2, "C", "x"),
    )  # fmt: skip
    chart = fk.report(two_ways, steps="A > B > C", optional_step=2).chart()
    assert chart.title == (
        "all users, with B: 50.0 % converted, 1 of 2 users · "
        "all users, without B: 100 % converted, 2 of 2 users"
    )
    assert {"1 A", "2 B", "3 C", "2 C"} <= set(texts(chart.spec))


def test_compared_events_share_a_row_that_names_both():
    chart = fk.report(THREE, steps="A > B", compare_event=["2: A"]).chart()
    assert "2 B or A" in texts(chart.spec)


def test_a_picture_says_what_is_excluded_and_held():
    chart = fk.report(THREE, steps="A > B", exclude="C between 1 and 2", hold=["plan"]).chart()
    said = texts(chart.spec)
    assert {"held constant: plan", "excluded: C between 1 and 2"} <= set(said)


def test_a_curve_by_age_begins_with_nobody_and_shows_a_single_conversion():
    one = events(("u1", 0, "A", "x"), ("u1", 5, "B", "x"))
    curve = [
        (point["seconds"], point["conversion"])
        for point in values(fk.report(one, steps="A > B", by_age=True).chart("by_age").spec)
        if "within" in point
    ]
    assert curve[-2:] == [(30.0, 0.0), (300.0, 1.0)]


def test_groups_of_a_later_step_are_named_so():
    chart = fk.report(THREE, steps="A > B", group_by="2:plan").chart("groups")
    assert chart.title == "Conversion by plan at step 2"


def test_one_user_is_not_called_one_users():
    one = events(("u1", 0, "A", "x"), ("u1", 5, "B", "x"))
    chart = fk.report(one, steps="A > B", frequency=True, time_to_convert=True).chart()
    assert "1 users" not in json.dumps(chart.spec)
    assert chart.title.startswith("100 % converted, 1 of 1 user ·")


def test_a_randomised_comparison_without_dates_says_every_date():
    rows = [(f"u{k}", k, "A", ("control", "new")[k % 2]) for k in range(40)]
    rows += [(f"u{k}", k + 1, "B", "x") for k in range(20)]
    chart = fk.compare(events(*rows), steps="A > B", randomised_by="plan").chart()
    assert "control: every date, where plan is control" in texts(chart.spec)
