"""What `--last`, `--exclude-weekday`, `--time-of-day` and `--bins` mean."""

from datetime import time

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import Bins
from funnelkit.specs.days import (
    format_bins,
    format_time_of_day,
    parse_bins,
    parse_days,
    parse_time_of_day,
    parse_weekdays,
)


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("2w", 14), ("24h", 1), ("0d", 0)])
def test_days_are_whole(text, days):
    assert parse_days(text, what="last") == days


@pytest.mark.parametrize(
    ("text", "words"),
    [("36h", "a number of whole days"), ("30", "for days write 30d"), ("1M", "no fixed length")],
)
def test_other_durations_are_no_days(text, words):
    with pytest.raises(DefinitionError, match=f"last .*{words}"):
        parse_days(text, what="last")


def test_a_day_of_the_week_may_be_cut_to_three_letters():
    assert parse_weekdays("Sat, sunday,MON") == ("saturday", "sunday", "monday")


@pytest.mark.parametrize(
    ("text", "words"),
    [("saterday", "Did you mean 'saturday'"), ("su", "Days are monday"), ("", "Days are monday")],
)
def test_what_is_no_day_of_the_week_is_refused(text, words):
    with pytest.raises(DefinitionError, match=words):
        parse_weekdays(text)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("09:00..17:30", (time(9), time(17, 30))),
        (" 9:00 .. 17:00:05.5 ", (time(9), time(17, 0, 5, 500_000))),
        ("22:00..06:00", (time(22), time(6))),
        ("17:00..", (time(17), None)),
        ("17:00..24:00", (time(17), None)),
        ("..09:00", (None, time(9))),
    ],
)
def test_a_time_of_day_has_two_sides(text, ends):
    assert parse_time_of_day(text) == ends


@pytest.mark.parametrize("text", ["", "..", "09:00", "9..17", "09:00-17:00", "09:00..17:00..18:00"])
def test_another_time_of_day_is_refused(text):
    with pytest.raises(DefinitionError, match=r"write 09:00\.\.17:00"):
        parse_time_of_day(text)


@pytest.mark.parametrize("text", ["24:00..01:00", "09:60..10:00", "09:00..25:00"])
def test_a_time_that_does_not_exist_is_refused(text):
    with pytest.raises(DefinitionError, match="does not exist"):
        parse_time_of_day(text)


def test_a_time_of_day_is_written_short():
    assert format_time_of_day(time(9), time(17, 30, 5)) == "09:00..17:30:05"
    assert format_time_of_day(None, time(0)) == "..00:00"
    assert format_time_of_day(None, None) is None


def test_bins_go_from_one_time_to_another_in_steps():
    assert parse_bins("0s..1h/10s") == parse_bins(" 0 .. 60m / 10s ") == Bins(0, 3600, 10)
    assert format_bins(Bins(0, 5400, 2.25)) == "0s..1h30m/2.25s"
    assert format_bins(Bins(0, 1, 1 / 3)) == "0s..1s/0.3333333333333333s"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1h", r"write FROM\.\.TO/SIZE"),
        ("0s..1h", r"write FROM\.\.TO/SIZE"),
        ("0s..1h/10", "a unit is missing"),
        ("1h..0s/10s", "from one time up to another"),
        ("0s..1h/0s", "in steps"),
        ("0s..100d/1s", "at most 10,000 bins"),
    ],
)
def test_bad_bins_are_refused(text, words):
    with pytest.raises(DefinitionError, match=words):
        parse_bins(text)
