"""What `--window`, `--from`, `--to` and FROM..TO mean."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import Period
from funnelkit.specs.text import format_moment, format_period, format_window
from funnelkit.specs.times import parse_moment, parse_period, parse_range, parse_window


def at(*parts, zone=None):
    return datetime(*parts, tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        (" 1d 12h ", timedelta(days=1, hours=12)),
        ("1.5s", timedelta(seconds=1, microseconds=500_000)),
        ("0.000001s", timedelta(microseconds=1)),
        ("0d", timedelta(0)),
    ],
)
def test_a_window_has_units(text, expected):
    assert parse_window(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("7", "for days write 7d"),
        ("30 days", "write 30d"),
        ("2 Hours", "write 2h"),
        ("1 month", "no fixed length"),
        ("3M", "no fixed length"),
        ("1y", "no fixed length"),
        ("30m1h", "largest first"),
        ("1.5h", "largest first"),
        ("-1d", "write 30d"),
        ("", "write 30d"),
        ("٣d", "write 30d"),
        ("9" * 20 + "d", "longer than any calendar"),
        ("9" * 5000 + "d", "longer than any calendar"),
    ],
)
def test_a_bad_window_says_what_to_write(text, hint):
    with pytest.raises(DefinitionError, match=hint):
        parse_window(text)


def test_a_window_is_written_in_days_and_smaller():
    assert format_window(timedelta(weeks=2)) == "14d"
    assert format_window(timedelta(hours=25, seconds=3, milliseconds=20)) == "1d1h3.02s"
    assert format_window(timedelta(0)) == "0s"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-04-02", date(2020, 4, 2)),
        ("20200402", date(2020, 4, 2)),
        ("2020-04-02T09:17:23", at(2020, 4, 2, 9, 17, 23)),
        ("2020-04-02 09:17", at(2020, 4, 2, 9, 17)),
        ("20200402T09:17", at(2020, 4, 2, 9, 17)),
        ("2020-04-02T09:17:23.5", at(2020, 4, 2, 9, 17, 23, 500_000)),
        ("2020-04-02T09:17:23.123456Z", at(2020, 4, 2, 9, 17, 23, 123_456, zone=UTC)),
        ("2020-04-02t09:17:23z", at(2020, 4, 2, 9, 17, 23, zone=UTC)),
        ("2020-04-02T09:17:23+02:00", at(2020, 4, 2, 7, 17, 23, zone=UTC)),
        ("2020-04-02T09:17:23 -0530", at(2020, 4, 2, 14, 47, 23, zone=UTC)),
    ],
)
def test_a_moment_is_a_day_or_a_timestamp(text, expected):
    found = parse_moment(text)
    assert type(found) is type(expected)
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2020-4-2", "02.04.2020", "2020-04", "2020-04-02T", "2020-04-02T9",
        "2020-04-02T09", "2020-04-02T09:17:23.1234567", "2020-04-02T09:17:23+2", "2020-W01-1",
        "1585818000", "2020-04-02 09:17:23 CET", "2020-0402",
    ],
)  # fmt: skip
def test_another_format_is_refused_with_the_known_ones(text):
    with pytest.raises(DefinitionError, match="write 2020-04-02, 20200402, "):
        parse_moment(text)


@pytest.mark.parametrize(
    "text",
    ["2020-02-30", "20201301", "0000-01-01", "2020-04-02T24:00", "2020-04-02T09:17:60",
     "2020-04-02T09:17+02:60", "2020-04-02T09:17+24:00"],
)  # fmt: skip
def test_a_day_or_hour_that_does_not_exist_is_refused(text):
    with pytest.raises(DefinitionError, match="does not exist"):
        parse_moment(text)


def test_a_period_names_the_end_that_is_wrong():
    with pytest.raises(DefinitionError, match=r"^to 'soon'"):
        parse_period("2020-04-02", "soon")


def test_a_range_has_two_sides():
    assert parse_range("2020-04-01..2020-04-30") == Period(date(2020, 4, 1), date(2020, 4, 30))
    assert parse_range("2020-04-01 .. ") == Period(date(2020, 4, 1))
    assert parse_range("..2020-04-01T00:00:00.5") == Period(None, at(2020, 4, 1, 0, 0, 0, 500_000))
    assert parse_range("..") == Period()


@pytest.mark.parametrize("text", ["2020-04-01", "2020-04-01 to 2020-04-30", "a..b..c", ""])
def test_another_range_is_refused(text):
    with pytest.raises(DefinitionError, match=r"FROM\.\.TO"):
        parse_range(text)


def test_moments_are_written_in_iso_8601():
    assert format_moment(at(2020, 4, 2, 9, zone=UTC)) == "2020-04-02T09:00:00Z"
    zone = timezone(timedelta(hours=2))
    assert format_moment(at(2020, 4, 2, 9, zone=zone)) == "2020-04-02T09:00:00+02:00"
    assert format_period(Period(date(2020, 4, 2))) == "2020-04-02.."
