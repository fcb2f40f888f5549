from datetime import timedelta

import pytest

import funnelkit as fk
from funnelkit.comparison.estimate import Estimate
from funnelkit.comparison.same_people import same_people
from funnelkit.comparison.sentences import say
from funnelkit.errors import DataError, DefinitionError
from funnelkit.stats.proportion import Proportion


def visits(users, day, converted, *, event="A", gap=0.01, **properties):
    """Return lines: `users` users enter on a day, the first `converted` of them convert."""
    pairs = " ".join(f"{name}={value}" for name, value in properties.items())
    lines = []
    for number in range(users):
        user = f"u{day}-{number}"
        lines.append(f"{user} {day} {event} {pairs}")
        if number < converted:
            lines.append(f"{user} {day + gap} B")
    return "\n".join(lines)


def store(first, second, *, days=28, users=10):
    """Return 28 days with `first` of `users` converting each day, then 28 with `second`."""
    before = (visits(users, day + 0.5, first) for day in range(days))
    after = (visits(users, day + 0.5, second) for day in range(days, 2 * days))
    return "\n".join([*before, *after])


def test_counts_lift_and_percent_of_the_baseline(compare):
    result = compare(store(2, 3), "0..28", "28..56", window="1d")
    assert result.baseline.series.counts == (280, 56)
    assert result.against.series.counts == (280, 84)
    assert result.lift.difference == pytest.approx(0.1)
    assert result.lift.relative == pytest.approx(0.5)
    lower, upper = result.lift.interval
    assert 0 < lower < 0.1 < upper
    assert result.significance.judged
    assert result.significance.value > 0.95


def test_a_steady_store_with_a_step_is_larger_than_usual(compare):
    result = compare(store(2, 5), "0..28", "28..56", window="1d")
    assert result.verdict.call == "larger than usual"
    assert result.verdict.needed < result.lift.difference


def test_a_store_without_a_step_is_consistent_with_no_change(compare):
    result = compare(store(3, 3), "0..28", "28..56", window="1d")
    assert result.verdict.reason == "the interval includes 0"


def test_a_steady_drift_is_no_more_than_the_placebo(compare):
    lines = (visits(20, day + 0.5, 4 + day // 7) for day in range(56))
    result = compare("\n".join(lines), "0..28", "28..56", window="1d")
    assert result.lift.excludes_no_change
    assert result.verdict.reason == "no more than the placebo"


def test_earlier_pairs_of_periods_are_the_placebo_where_the_data_have_them(compare):
    result = compare(store(3, 3), "42..49", "49..56", window="1d")
    line = result.line("placebo")
    assert line.kind == "earlier periods"
    assert len(line.trials) == 5
    assert line.movement == pytest.approx(0)


def test_the_word_that_randomised_experiments_own_is_not_used(compare):
    result = compare(store(2, 5), "0..28", "28..56", window="1d")
    from funnelkit.render.comparison import render_comparison

    for form in ("table", "markdown"):
        assert "significant" not in render_comparison(result, format=form)
    assert "significant" not in result.sentence + result._repr_html_()


def test_a_late_conversion_counts_for_the_side_that_was_watched_longer(compare):
    # Everybody needs ten days; the data ends with the second period.
    lines = [visits(10, day + 0.5, 4, gap=10) for day in range(38)]
    text = "\n".join(line for line in "\n".join(lines).splitlines() if float(line.split()[1]) < 28)
    result = compare(text, "0..14", "14..28", window="30d", data_end="2026-03-29")
    assert result.lift.difference < -0.2
    line = result.line("follow-up")
    assert line.own_period
    assert line.common.difference == pytest.approx(0, abs=0.01)
    assert result.verdict.call == "no change"


def test_periods_of_unequal_length_are_watched_with_a_shorter_window(compare):
    lines = [visits(10, day + 0.5, 4, gap=2) for day in range(28)]
    text = "\n".join(line for line in "\n".join(lines).splitlines() if float(line.split()[1]) < 28)
    result = compare(text, "0..20", "20..28", window="30d", data_end="2026-03-29")
    line = result.line("follow-up")
    assert not line.own_period
    assert line.window_seconds < 8 * 86_400


def test_second_attempts_are_taken_out(compare):
    # The users of the first period come back two days later, and buy then; their own fault.
    lines = []
    for day in range(28):
        for number in range(10):
            user = f"u{day}-{number}"
            lines.append(f"{user} {day} A")
            lines += [f"{user} {day + 0.01} B"] if number < 3 else []
            if day < 12 and number >= 5:
                lines += [f"{user} {day + 2} A", f"{user} {day + 2.01} B"]
    result = compare("\n".join(lines), "0..14", "14..28", window="1d")
    assert result.lift.difference < -0.3
    line = result.line("attempts")
    assert line.entries_per_unit[0] > line.entries_per_unit[1] == 1
    assert line.first.difference == pytest.approx(0)
    assert result.verdict.reason == "not with first entries"
    assert "of first entries it is 0.0 points" in result.sentence


def test_everybody_on_both_sides_narrows_the_interval(compare):
    lines = []
    for number in range(60):
        for day in (1, 15):
            lines.append(f"u{number} {day} A")
            lines += [f"u{number} {day + 0.1} B"] if number % 3 == 0 else []
    result = compare("\n".join(lines), "0..14", "14..28", window="1d")
    line = result.line("same people")
    assert line.share == 1
    narrow, wide = line.counted.interval, result.lift.interval
    assert narrow.upper - narrow.lower < (wide.upper - wide.lower) / 5


def test_a_filter_that_leaves_nothing_out_makes_no_line(compare):
    text = store(3, 3).replace("A ", "A feature=x")
    result = compare(text, "0..28", "28..56", window="1d", against_where="feature is x")
    assert result.line("self-selection") is None


def test_both_filters_of_one_period_are_set_apart(compare):
    text = "\n".join(
        visits(5, day + 0.5 + k / 10, 1 + k, feature="xy"[k]) for day in range(28) for k in (0, 1)
    )
    result = compare(text, window="1d", baseline_where="feature is x", against_where="feature is y")
    line = result.line("self-selection")
    assert [complement.side for complement in line.complements] == ["baseline", "against"]
    assert line.complements[0].conversion.share == pytest.approx(0.4)
    assert line.unfiltered.difference == 0
    assert result.line("calendar") is None


def test_several_filters_leave_out_what_fails_any_of_them(compare):
    text = "\n".join(
        [
            visits(4, 20, 3, feature="x", variant="p"),
            visits(5, 21, 2, feature="x", variant="q"),
            visits(6, 22, 1, feature="y", variant="p"),
            visits(9, 3, 3, feature="x", variant="p"),
        ]
    )
    result = compare(
        text, "0..14", "14..28", against_where=["feature is x", "variant is p"], window="1d"
    )
    (outside,) = result.line("self-selection").complements
    assert (outside.conversion.converted, outside.conversion.entered) == (3, 11)


def test_a_side_without_anybody_is_an_error_that_names_it(compare):
    with pytest.raises(DataError, match="nobody entered the funnel on the side 'against'"):
        compare("a 1 A\na 2 B\nb 20 X", "0..14", "14..28")


def test_a_side_without_anybody_for_a_misspelt_property_names_what_is_near(compare):
    text = "\n".join(visits(4, day, 3, feature="x") for day in (2, 20))
    with pytest.raises(DataError, match=r"nobody entered .* 'featur'; .* Did you mean 'feature'\?"):
        compare(text, "0..14", "14..28", against_where=["featur is x"], window="1d")


def test_no_events_at_all_is_an_error():
    import polars as pl

    schema = {"user_id": pl.String, "event_type": pl.String, "event_time": pl.Datetime}
    with pytest.raises(DataError):
        fk.compare(pl.DataFrame(schema=schema), steps="A > B", against_where="x is 1")


def test_data_that_goes_on_after_its_stated_end_is_refused(compare):
    with pytest.raises(DefinitionError, match="goes on after its stated end"):
        compare("a 1 A\nb 20 A", "0..14", "14..28", data_end="2026-03-05")


def test_a_difference_without_a_placebo_is_not_called_no_change(compare):
    # 0 of 100 against 50 of 100, each side on one day: no halves, no earlier periods.
    text = "\n".join([visits(100, 1, 0), visits(100, 20, 50), "z 27 X"])
    result = compare(text, "0..14", "14..28", window="1h")
    assert result.verdict.reason == "too little data for a placebo"
    assert result.sentence.startswith("Too little data to know its usual movement: the difference ")
    assert "no change" not in result.sentence + repr(result)
    assert repr(result).endswith("; undecided: too little data for a placebo>")


def test_first_entries_that_nobody_could_finish_are_not_called_no_change(compare):
    # The data ends with the second side's day: none of its first entries had a whole day.
    text = "\n".join([visits(100, 1, 0), visits(100, 20, 50)])
    result = compare(text, "0..14", "14..28", window="1h")
    assert result.verdict.reason == "nobody left at a common follow-up"
    assert result.sentence.startswith("Too little data to compare like with like: ")


def test_sides_whose_first_entries_say_the_opposite_are_not_alike(compare):
    # The first side buys at its first visit more often, the other at a second one, two days later.
    lines = []
    for day in range(28):
        for number in range(20):
            user, share = f"u{day}-{number}", 8 if day < 14 else 3
            lines.append(f"{user} {day} A")
            lines += [f"{user} {day + 0.01} B"] if number < share else []
            if 14 <= day < 26 and number >= 5:
                lines += [f"{user} {day + 2} A", f"{user} {day + 2.01} B"]
    result = compare("\n".join([*lines, "z 40 X"]), "0..14", "14..28", window="1d")
    assert result.verdict.reason == "the other way with first entries"
    assert result.sentence.startswith("The sides are not alike: as counted it is +")
    assert "of first entries -" in result.sentence


def test_what_the_data_may_move_by_adds_up_in_the_sentence(compare):
    import re

    lines = (visits(20, day + 0.5, 4 + day // 7) for day in range(56))
    result = compare("\n".join([*lines, "z 58 X"]), "0..28", "28..56", window="1d")
    assert result.sentence.startswith("Not told from drift: the difference of first entries, +")
    assert "excludes 0" in result.sentence
    assert "no change" not in result.sentence
    number = "([0-9]+[.][0-9])"
    pattern = f"may move by {number} [(]{number}, the placebo's {number} .*[+] {number} chance"
    size, drift, seen, chance = map(float, re.search(pattern, result.sentence).groups())
    assert size == pytest.approx(drift + chance)
    assert size == pytest.approx(100 * result.verdict.needed, abs=0.051)
    assert f"first entries by {seen}" in say(result.line("placebo"), "user")


def test_the_few_on_both_sides_are_named_where_their_covariance_settles_0():
    shared = Estimate(baseline=Proportion(300, 1000), against=Proportion(340, 1000), shared=5)
    assert same_people(shared) is None
    settled = Estimate(baseline=shared.baseline, against=shared.against, shared=5, covariance=2e-5)
    assert settled.excludes_no_change
    assert not shared.excludes_no_change
    assert same_people(settled) is not None


def test_the_weekday_that_differs_is_named_where_weekends_do_not(compare):
    text = "\n".join([visits(100, 1, 0), visits(100, 16, 50), "z 27 X"])
    line = compare(text, "0..14", "14..28", window="1h").line("calendar")
    assert say(line, "user") == "Tuesdays bring 100 % of the entries against 0 %."


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_period_is_a_pair_of_dates_too(kind):
    from datetime import date

    import polars as pl

    at = pl.datetime_range(
        pl.datetime(2026, 3, 1), pl.datetime(2026, 3, 20), "1d", eager=True, time_unit="us"
    )
    events = pl.DataFrame({"user_id": map(str, range(20)), "event_type": "A", "event_time": at})
    result = fk.compare(
        events,
        steps="A > B",
        baseline=kind([date(2026, 3, 1), date(2026, 3, 5)]),
        against=kind(["2026-03-06", None]),
    )
    assert (result.baseline.series.counts[0], result.against.series.counts[0]) == (5, 15)


@pytest.mark.parametrize("period", [3, (1, 2), ("2026-03-01",), {"from": "2026-03-01"}])
def test_what_is_no_period_is_refused(period):
    with pytest.raises(DefinitionError, match="a pair of dates or a Period; got"):
        fk.compare("no-such-file", steps="A > B", baseline=period, against="..")


def test_one_user_on_each_side_is_too_little_to_say_anything(compare):
    result = compare("a 1 A\na 1.1 B\nb 20 A\nb 27 X", "0..14", "14..28", window="1d")
    assert result.verdict.call == "no change"
    assert result.line("placebo") is None
    assert result.significance.value is None


def test_a_property_that_no_event_has_is_refused_with_the_nearest_name(compare):
    with pytest.raises(DefinitionError, match="Did you mean 'variant'"):
        compare("a 1 A variant=x\nb 20 A", randomised_by="varaint")


def test_the_difference_is_split_by_a_property(compare):
    text = "\n".join(
        [
            visits(20, 1, 10, feature="x"),
            visits(80, 2, 8, feature="y"),
            visits(60, 15, 30, feature="x"),
            visits(40, 16, 4, feature="y"),
        ]
    )
    result = compare(text, "0..14", "14..28", window="1d", decompose="feature")
    assert result.decomposition.mix == pytest.approx(result.lift.difference)
    assert result.decomposition.within == pytest.approx(0)


def test_json_rows_and_repr_agree(compare):
    import json

    result = compare(store(2, 5), "0..28", "28..56", window="1d")
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert content["schema"] == "funnelkit.compare/1"
    assert content["lift"][-1]["difference"] == result.lift.difference
    assert content["verdict"]["call"] == "larger than usual"
    table = result.to_polars()
    first = table.row(0, named=True)
    assert (first["row"], first["step"], first["difference"]) == (
        "as counted", 2, result.lift.difference,
    )  # fmt: skip
    assert table.height == len(list(result.rows()))
    assert "+30.0 points" in repr(result)
    assert "<table>" in result._repr_html_()


def test_lists_and_arrays_give_the_same_comparison(compare, monkeypatch):
    from funnelkit.engine import select as module

    text = store(2, 4)
    small = compare(text, "0..28", "28..56", window="7d", decompose="feature")
    monkeypatch.setattr(module, "SMALL", 0)
    large = compare(text, "0..28", "28..56", window="7d", decompose="feature")
    assert small.to_dict() == large.to_dict()


def test_two_definitions_may_be_given_as_records(compare):
    from funnelkit.specs.define import define

    one = define(steps="A > B", window="1d", from_="2026-03-02", to="2026-03-29")
    other = define(steps="A > B", window="1d", from_="2026-03-30", to="2026-04-26")
    text = store(2, 5)
    by_records = compare(text, funnel=one, against_funnel=other)
    assert by_records.lift == compare(text, "0..28", "28..56", window="1d").lift


def test_a_stray_event_far_in_the_future_does_not_matter_much(compare):
    result = compare(store(2, 5) + "\nz 900000 X", "0..28", "28..56", window="1d")
    assert result.verdict.call == "larger than usual"
    assert result.data_end > timedelta(days=900_000) // timedelta(microseconds=1)
