import pytest

from funnelkit.amplitude_api.hours import hour_of_member, parse_hour, runs, write_hour, write_hours
from funnelkit.errors import DefinitionError


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-01-05", "2024-01-05T00", "2024-01-05T23"),
        ("20240105", "2024-01-05T00", "2024-01-05T23"),
        ("2024-01-05T14", "2024-01-05T14", "2024-01-05T14"),
        ("20240105T07", "2024-01-05T07", "2024-01-05T07"),
        ("2024-01-05 00", "2024-01-05T00", "2024-01-05T00"),
    ],
)
def test_date_is_its_first_or_last_hour(text, first, last):
    assert write_hour(parse_hour(text, what="from")) == first
    assert write_hour(parse_hour(text, what="to", last=True)) == last


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024-01-05T14:00", "whole hours of UTC, and both ends are included"),
        ("2024-01-05T24", "hours are 00 to 23"),
        ("2024-02-30T01", "does not exist"),
        ("yesterday", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_anything_else_is_refused(text, said):
    with pytest.raises(DefinitionError, match=said):
        parse_hour(text, what="from")


def test_hours_in_a_row_are_written_together():
    first = parse_hour("2024-01-05T22", what="from")
    hours = [first + 3, first, first + 1, first + 2, first + 9]
    assert write_hours(hours) == "2024-01-05T22 to 2024-01-06T01, 2024-01-06T07"
    assert list(runs([])) == []


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("187520/187520_2020-01-25_17#1.json.gz", "2020-01-25T17"),
        ("187520_2020-01-25_7#1024.json.gz", "2020-01-25T07"),
        ("187520/187520_2020-01-25_27#1.json.gz", None),
        ("187520/187520_2020-02-31_7#1.json.gz", None),
        ("187520/187520_2014-11-11#1.json.gz", None),
    ],
)
def test_member_says_its_hour(name, hour):
    found = hour_of_member(name)
    assert (None if found is None else write_hour(found)) == hour
