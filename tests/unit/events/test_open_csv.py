"""CSV: every value is text, no row is lost."""

import gzip
from datetime import datetime

import pytest

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters

at = datetime.fromisoformat


def write(folder, text, name="events.csv"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(source, select="*", **options):
    with open_events(source, **options) as table:
        bind = Parameters()
        relation = table.relation(bind)
        return connect().execute(f"SELECT {select} FROM {relation}", bind.values).fetchall()


def test_a_bad_row_is_found_by_its_line_whatever_stands_before_it(tmp_path):
    text = 'user_id,event_type,event_time\n"a\nb",A,5\n\nu,A,soon\n'
    with pytest.raises(DataError, match="line 5: event_time is 'soon'"):
        read(write(tmp_path, text))


def test_times_in_two_units_are_noted(tmp_path):
    text = "user_id,event_type,time\nu,A,1588420800001\nu,A,1588420800\nu,A,1588420800002\n"
    with open_events(write(tmp_path, text)) as table:
        assert table.notes[1].startswith(f"1 of 3 times, first {tmp_path / 'events.csv'}, line 3,")


def test_a_column_of_true_and_false_is_no_text(tmp_path):
    """As pandas and Polars write booleans."""
    text = "user_id,event_type,event_time,a,b,c,d\nu,A,5,True,false,true,\nu,A,6,,TRUE,yes,\n"
    path = write(tmp_path, text)
    assert read(path, "a, b, c, d") == [(True, False, "true", None), (None, True, "yes", None)]


def test_text_in_csv_and_json_lines_are_read_together(tmp_path):
    write(tmp_path, "user_id,event_type,event_time,shop,n,flag\nu,A,5,x,1,True\n")
    event = '{"user_id": "u", "event_type": "A", "time": 5, "shop": "y", "n": 1, "flag": true}'
    write(tmp_path, event, "more.jsonl")
    assert sorted(read(tmp_path, "shop, n, flag")) == [
        ('"x"', '"1"', "true"),
        ('"y"', "1", "true"),
    ]


def test_a_column_is_boolean_in_all_files_or_in_none(tmp_path):
    header = "user_id,event_type,event_time,a,b\n"
    write(tmp_path, header + "u,A,5,True,True\n", "1.csv")
    write(tmp_path, header + "u,A,6,no,\n", "2.csv")
    assert read(tmp_path, "a, b") == [("True", True), ("no", None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(tmp_path, delimiter):
    text = "user_id,event_type,event_time\nu,A,2020-05-02\n".replace(",", delimiter)
    assert read(write(tmp_path, text)) == [("u", "A", at("2020-05-02"))]


def test_values_stay_text_and_empty_ones_are_missing(tmp_path):
    text = "user_id,event_type,event_time,price,day\n007,A,5,1.10,2020-01-01\nu,B,6,,\n"
    assert read(write(tmp_path, text), "user_id, price, day") == [
        ("007", "1.10", "2020-01-01"),
        ("u", None, None),
    ]


def test_quoted_values_keep_delimiters_quotes_and_line_ends(tmp_path):
    text = 'user_id,event_type,event_time\n"a,""b""\nc",A,2020-05-02\n'
    assert read(write(tmp_path, text), "user_id") == [('a,"b"\nc',)]


def test_properties_may_be_json(tmp_path):
    text = 'user_id,event_type,event_time,event_properties\nu,A,5,"{""a"": [1, 2]}"\nu,A,5,\n'
    assert read(write(tmp_path, text), "event_properties -> 'a'") == [("[1,2]",), (None,)]


def test_epochs_in_numbers_are_noted(tmp_path):
    path = write(tmp_path, "user_id,event_type,time\nu,A,1588420800001\n")
    with open_events(path) as table:
        assert table.notes == ("times read as epoch milliseconds, UTC",)
    assert read(path, "epoch_us(event_time)") == [(1588420800001000,)]


def test_gzip_and_a_byte_order_mark_are_read(tmp_path):
    text = b"\xef\xbb\xbfuser_id,event_type,event_time\nu,A,2020-05-02\n"
    path = write(tmp_path, gzip.compress(text), name="events.csv.gz")
    assert read(path, "user_id") == [("u",)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("u,A\n", "CSV Error on Line: 3"),
        ("u,A,2020-05-02,more\n", "CSV Error on Line: 3"),
        ('u,"A,2020-05-02\n', "CSV Error on Line: 3"),
        ("u,A,soon\n", "line 3: event_time is 'soon', which is no time"),
        ("u,A,\n", "line 3: event_time is missing"),
        ("u,,2020-05-02\n", "line 3: event_type is missing"),
        (",A,2020-05-02\n", "line 3: no user: user_id is empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path, rows, expected):
    path = write(tmp_path, "user_id,event_type,event_time\nu,A,2020-05-02\n" + rows)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("user_id,event_type,event_type", "names the column 'event_type' twice"),
        ("user_id,event_type,", "has no name"),
        ("user_id,event_type,event_time,Price,price", "differ only in case"),
    ],
)
def test_a_bad_header_is_an_error(tmp_path, header, expected):
    with pytest.raises(DataError, match=expected):
        read(write(tmp_path, header + "\n"))


def test_a_file_without_the_needed_columns_is_an_error(tmp_path):
    with pytest.raises(ColumnError, match="It has a, b, c"):
        read(write(tmp_path, "a,b,c\n1,2,3\n"))


def test_columns_can_be_named(tmp_path):
    text = 'wer,"was, genau",wann\nu,A,2020-05-02\n'
    columns = 'user=wer,event="was, genau",time=wann'
    assert read(write(tmp_path, text), columns=columns) == [("u", "A", at("2020-05-02"))]


def test_a_header_alone_has_no_events(tmp_path):
    assert read(write(tmp_path, "user_id,event_type,event_time\n")) == []


def test_a_long_value_survives(tmp_path):
    text = f"user_id,event_type,event_time\nu,{'n' * 10_000_000},2020-05-02\n"
    assert read(write(tmp_path, text), "length(event_type)") == [(10_000_000,)]
