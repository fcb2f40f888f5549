import pytest

from funnelkit.comparison.cohorts import DAY, Cohort
from funnelkit.comparison.scatter import count_by, scatter
from funnelkit.engine.entrants import Entrants


def visits(day, users=10, converted=3):
    lines = [f"u{day}-{n} {day + 0.5} A" for n in range(users)]
    lines += [f"u{day}-{n} {day + 0.51} B" for n in range(converted)]
    return "\n".join(lines)


def test_the_weekday_mix_is_shown_where_it_differs(compare):
    # Monday to Friday against Saturday and Sunday; START is a Monday.
    result = compare("\n".join(map(visits, range(7))), "0..5", "5..7", window="1h")
    line = result.line("calendar")
    assert line.weekend == (0, 1)
    assert line.distance == pytest.approx(1)
    assert line.weeks == ((), ())


def test_the_weekday_is_that_of_the_projects_zone(compare):
    # 00:30 UTC on a Saturday is still Friday evening in New York.
    lines = "\n".join(f"u{n} {day + 0.0208} A" for n in range(20) for day in (4, 5))
    options = {"window": "1h", "timezone": "America/New_York"}
    line = compare(lines, "4..5", "5..6", **options).line("calendar")
    assert line.weekdays[0][3] == 1
    assert line.weekdays[1][4] == 1


def test_whole_weeks_are_counted_on_both_sides_of_a_change(compare):
    days = [visits(day, converted=2 if day < 21 else 6) for day in range(42)]
    events = "\n".join(["z 0 X", *days, "z 42.5 X"])
    line = compare(events, "0..21", "21..42", window="1h").line("calendar")
    assert [[week.conversion.share for week in side] for side in line.weeks] == [
        [0.2, 0.2, 0.2],
        [0.6, 0.6, 0.6],
    ]
    assert line.weeks[1][0].monday.isoformat() == "2026-03-23"


def test_a_week_whose_window_is_not_over_is_no_complete_week(compare):
    days = [visits(day, converted=2 if day < 21 else 6) for day in range(42)]
    events = "\n".join(["z 0 X", *days])
    line = compare(events, "0..21", "21..42", window="1d").line("calendar")
    assert [len(side) for side in line.weeks] == [3, 2]


def test_equal_weekdays_and_no_difference_make_no_line(compare):
    result = compare("\n".join(map(visits, range(28))), "0..14", "14..28", window="1h")
    assert result.line("calendar") is None


def entrants(entered, reach, *, arrays=False):
    import numpy as np

    column = np.array if arrays else list
    return Entrants(
        steps=2,
        unit=column(range(len(entered))),
        interval=column([0] * len(entered)),
        reach=column(reach),
        entries=column([1] * len(entered)),
        entered=column(entered),
        durations=(),
        totals=[],
    )


def test_units_are_counted_by_span_in_lists_and_arrays_alike():
    entered, reach = [-1, 0, 5, 12, 13], [1, 2, 1, 2, 2]
    expected = {-1: (1, 0), 0: (2, 1), 1: (2, 2)}
    assert count_by(entrants(entered, reach), origin=0, size=10) == expected
    assert count_by(entrants(entered, reach, arrays=True), origin=0, size=10) == expected


def test_days_that_are_all_alike_scatter_no_more_than_chance():
    entered = [day * DAY for day in range(10) for _ in range(4)]
    side = entrants(entered, [2, 1, 1, 1] * 10)
    cohort = Cohort(0, 10 * DAY, 0)
    assert scatter((side, side), (cohort, cohort)) == 1


def test_days_of_all_and_nothing_scatter_as_much_as_can_be():
    entered = [day * DAY for day in range(10) for _ in range(4)]
    side = entrants(entered, ([2] * 4 + [1] * 4) * 5)
    cohort = Cohort(0, 10 * DAY, 0)
    # Chi-square is 4 per day over both sides of 9 degrees each.
    assert scatter((side, side), (cohort, cohort)) == pytest.approx(2 * 40 / 18)


def test_nobody_converted_says_nothing_about_scatter():
    side = entrants([0, DAY], [1, 1])
    cohort = Cohort(0, 10 * DAY, 0)
    assert scatter((side, side), (cohort, cohort)) == 1
